"""The smallest request that a Kubernetes cluster answers."""

from __future__ import annotations

from platz.kube.client import KubeClient
from platz.kube.transport import KubeRequest


def version_of(client: KubeClient) -> str:
    """Return the server's version, such as `v1.35.0`."""
    return str(client._object(KubeRequest(method="GET", path="/version")).get("gitVersion", ""))
