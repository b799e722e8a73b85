"""Where the API server keeps objects."""

from __future__ import annotations

import pytest

from platz.kube.api_resources import DEPLOYMENT, JOB, NAMESPACE, SECRET, ResourceKind


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "path"),
    [
        (NAMESPACE, None, None, "/api/v1/namespaces"),
        (NAMESPACE, "ignored", "shop", "/api/v1/namespaces/shop"),
        (SECRET, "shop", None, "/api/v1/namespaces/shop/secrets"),
        (SECRET, "shop", "platz-creds", "/api/v1/namespaces/shop/secrets/platz-creds"),
        (DEPLOYMENT, None, None, "/apis/apps/v1/deployments"),
        (JOB, "shop", "migrate", "/apis/batch/v1/namespaces/shop/jobs/migrate"),
        (SECRET, "a/../b", "x?y", "/api/v1/namespaces/a%2F..%2Fb/secrets/x%3Fy"),
    ],
)
def test_paths_follow_the_api_conventions(
    kind: ResourceKind, namespace: str | None, name: str | None, path: str
) -> None:
    assert kind.path(namespace=namespace, name=name) == path
