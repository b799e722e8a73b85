"""A server that refuses while it starts is not believed; one that refuses and means it is.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import pytest
from scripted_server import Answer, ScriptedServer, answer, drop, status

from platz.kube.client import KubeClient
from platz.kube.missing_rights import Refusal, refusal_in
from platz.kube.refusal_review import is_meant

REFUSAL = (
    'secrets "a" is forbidden: User "platz" cannot delete resource "secrets" in API group ""'
    ' in the namespace "shop"'
)
CLUSTER_WIDE = (
    'customresourcedefinitions.apiextensions.k8s.io is forbidden: User "arn:aws:sts::1:assumed-role/platz/x" '
    'cannot list resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope'
)
READY = answer({})


def reviewed(allowed: bool) -> Answer:
    return answer({"kind": "SelfSubjectAccessReview", "status": {"allowed": allowed}})


def test_the_missing_right_is_read_from_the_refusal() -> None:
    assert refusal_in(f"failed: {REFUSAL}") == Refusal(
        user="platz", verb="delete", resource="secrets", group="", namespace="shop"
    )
    assert refusal_in("exceeded quota") is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (REFUSAL, "delete secrets in namespace shop"),
        (
            CLUSTER_WIDE,
            "list customresourcedefinitions of API group apiextensions.k8s.io in the whole cluster",
        ),
    ],
)
def test_the_right_is_named_in_words(text: str, right: str) -> None:
    refusal = refusal_in(text)
    assert refusal is not None
    assert refusal.right == right


def test_a_refusal_that_a_ready_server_confirms_is_meant(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([READY, reviewed(False)])
    assert is_meant(client, REFUSAL)
    assert [line.split()[1] for line in server.requests] == [
        "/readyz",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    ]


@pytest.mark.parametrize(
    "script",
    [
        [status(500)],
        [status(403)],
        [drop],
        [READY, reviewed(True)],
        [READY, status(503)],
    ],
    ids=["is not ready", "has no roles yet", "is gone again", "allows it now", "can't tell"],
)
def test_a_refusal_is_not_believed_of_a_server_that(
    script: list[Answer], server: ScriptedServer, client: KubeClient
) -> None:
    server.script.extend(script)
    assert not is_meant(client, REFUSAL)


@pytest.mark.parametrize(
    "text",
    [
        'namespaces "a" is forbidden: not yet ready to handle request',
        f'{REFUSAL}: RBAC: clusterrole.rbac.authorization.k8s.io "platz" not found',
    ],
)
def test_the_words_of_a_starting_server_suffice(
    text: str, server: ScriptedServer, client: KubeClient
) -> None:
    assert not is_meant(client, text)
    assert server.requests == []


def test_a_server_that_knows_no_reviews_is_believed(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([READY, status(404)])
    assert is_meant(client, REFUSAL)
