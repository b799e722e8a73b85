"""Restarts a workload.

Source: docs/contract/workers.md, "RestartK8sResource".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from platz.errors import Rejected
from platz.json import JsonObject
from platz.kube.api_resources import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, ResourceKind
from platz.kube.client import KubeClient

RESTART_ANNOTATION = "kube.kubernetes.io/restartedAt"

_RESTARTABLE: Mapping[str, ResourceKind] = {
    kind.kind: kind for kind in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
}


def restart_workload(client: KubeClient, *, kind: str, namespace: str, name: str) -> None:
    """Make the workload replace its Pods; do not wait for the rollout.

    Raises `Rejected` for a kind that has no rollout, `KubeNotFound` for a workload that is gone.
    """
    resource = _RESTARTABLE.get(kind)
    if resource is None:
        raise Rejected(f"A {kind} cannot be restarted.", field="kind")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    patch: JsonObject = {"spec": {"template": {"metadata": {"annotations": {RESTART_ANNOTATION: now}}}}}
    client.merge(resource, patch, name=name, namespace=namespace)
