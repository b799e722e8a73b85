"""A view of a cluster as `kubectl` and `helm` give it: the official client with the kubeconfig in the banner."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException


class ClusterView:
    """One context of a kubeconfig."""

    def __init__(self, kubeconfig: Path, context: str) -> None:
        self._api = config.new_client_from_config(config_file=str(kubeconfig), context=context)
        self.core = client.CoreV1Api(self._api)
        self.apps = client.AppsV1Api(self._api)

    def close(self) -> None:
        self._api.close()

    def namespace(self, name: str) -> Any:
        """Return the namespace, or None if it does not exist."""
        try:
            return self.core.read_namespace(name)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """Return the texts of a Kubernetes secret by key."""
        data = self.core.read_namespaced_secret(name, namespace).data
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def workload(self, namespace: str, name: str) -> Any:
        """Return a Kubernetes Deployment."""
        return self.apps.read_namespaced_deployment(name, namespace)

    def releases(self, namespace: str) -> list[dict[str, Any]]:
        """Return the revisions of the namespace's release, oldest first, as Helm stores them."""
        found = self.core.list_namespaced_secret(namespace, label_selector="owner=helm")
        documents = [_release(secret.data["release"]) for secret in found.items]
        return sorted(documents, key=lambda document: document["version"])

    def statuses(self, namespace: str) -> list[str]:
        """Return the status of each revision of the release, oldest first."""
        return [document["info"]["status"] for document in self.releases(namespace)]

    def values(self, namespace: str) -> dict[str, Any]:
        """Return the values that Helm got for the newest revision."""
        return self.releases(namespace)[-1]["config"]


def _release(data: str) -> dict[str, Any]:
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(data))))
