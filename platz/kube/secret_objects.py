"""The secrets that Platz writes into a deployment's namespace.

Invariant: a secret is applied without force, under a field manager named like the secret, so Platz cannot take a
secret away from a chart that ships one of the same name.

Source: docs/contract/workers.md, "Declared secrets", "Credentials of deployments".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from platz.errors import Conflict
from platz.json import JsonObject
from platz.kube.api_resources import SECRET
from platz.kube.client import KubeClient
from platz.kube.errors import KubeConflict, KubeRejected


def apply_secret(client: KubeClient, *, namespace: str, name: str, texts: Mapping[str, str]) -> None:
    """Apply an Opaque secret with these keys.

    Raises `Conflict` when another field manager owns the secret, and `KubeRejected` when a name or key is not
    allowed: without the server's message, which may quote a value.
    """
    document: JsonObject = {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.kind,
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "stringData": dict(texts),
    }
    try:
        client.apply(SECRET, document, name=name, namespace=namespace, field_manager=name)
    except KubeConflict as error:
        raise Conflict(
            f"Secret {name} in namespace {namespace} of cluster {client.cluster} is managed by somebody "
            "else, for example by a chart that ships a secret of the same name."
        ) from error
    except KubeRejected as error:
        raise KubeRejected(
            f"Cluster {client.cluster} refuses secret {name}: its name or a key is not allowed."
        ) from error


class Secrets:
    """The Secrets of a cluster: the `SecretStore` that platz.helm.releases works on."""

    def __init__(self, client: KubeClient) -> None:
        """Uses ``client``, which stays its owner's to close."""
        self._client = client

    def list(self, *, namespace: str, label_selector: str) -> Sequence[JsonObject]:
        """Return the Secrets with these labels."""
        return self._client.list_all(SECRET, namespace=namespace, label_selector=label_selector).items

    def replace(self, secret: JsonObject, *, namespace: str, name: str) -> JsonObject:
        """Replace a Secret. Raises `KubeConflict` when it was changed since it was read."""
        document: JsonObject = {"apiVersion": SECRET.api_version, "kind": SECRET.kind, **secret}
        return self._client.replace(SECRET, document, name=name, namespace=namespace)

    def delete(self, *, namespace: str, name: str) -> JsonObject:
        """Delete a Secret. Raises `KubeNotFound`."""
        return self._client.delete(SECRET, name=name, namespace=namespace)
