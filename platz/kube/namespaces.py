"""The namespace of a deployment.

Invariant: a namespace made by Platz carries the label `platz: "yes"` and the annotation `platz_deployment_id`;
Platz never takes over a namespace that names another deployment, or none.

Source: docs/contract/workers.md, "Install", "Uninstall".
"""

from __future__ import annotations

import time
from typing import cast

from platz.errors import Conflict
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.errors import KubeAlreadyExists, KubeConflict, KubeNotFound, KubeUnfinished

LABEL_SELECTOR = "platz=yes"
DEPLOYMENT_ANNOTATION = "platz_deployment_id"

_LOOK_EVERY = 0.5


def ensure_namespace(
    client: KubeClient, *, name: str, deployment_id: DeploymentId, timeout_seconds: float = 120.0
) -> JsonObject:
    """Create the deployment's namespace, or return the one that an earlier attempt created.

    If a namespace of that name is being deleted, wait up to ``timeout_seconds`` for its end. Raises `Conflict`
    when the namespace belongs to somebody else, `KubeUnfinished` when the old one does not end.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return client.create(NAMESPACE, _document(name, deployment_id))
        except KubeAlreadyExists:
            present = client.find(NAMESPACE, name=name)
        if present is not None and not is_terminating(present):
            return _ours(client, present, name, deployment_id)
        _wait_for_the_old_one(client, name, deadline)


def find_namespace(client: KubeClient, *, name: str) -> JsonObject | None:
    """Return the namespace, or None when the cluster does not have it."""
    return client.find(NAMESPACE, name=name)


def delete_namespace(client: KubeClient, *, name: str) -> None:
    """Start the deletion of the namespace; do nothing if it is gone or being deleted."""
    try:
        client.delete(NAMESPACE, name=name)
    except KubeNotFound:
        return
    except KubeConflict:
        present = client.find(NAMESPACE, name=name)  # a server may answer so while the namespace terminates
        if present is not None and not is_terminating(present):
            raise


def delete_namespace_of(client: KubeClient, *, name: str, deployment_id: DeploymentId) -> None:
    """Delete the namespace if there is one. Raises `Conflict` when it belongs to another deployment, or to none."""
    present = client.find(NAMESPACE, name=name)
    if present is None:
        return
    if deployment_of(present) != str(deployment_id):
        raise Conflict(f"Namespace {name} in cluster {client.cluster} does not belong to this deployment.")
    delete_namespace(client, name=name)


def namespaces_of(client: KubeClient, *, deployment_id: DeploymentId) -> list[str]:
    """Return the names of all namespaces that carry this deployment's id, terminating ones included.

    The label is not asked for, because somebody may have removed it.
    """
    listed = client.list_all(NAMESPACE).items
    return [
        str(_part(each, "metadata")["name"]) for each in listed if deployment_of(each) == str(deployment_id)
    ]


def deployment_of(namespace: JsonObject) -> str | None:
    """Return the annotation that names the namespace's deployment, or None; its text need not be a UUID."""
    value = _part(_part(namespace, "metadata"), "annotations").get(DEPLOYMENT_ANNOTATION)
    return value if isinstance(value, str) else None


def is_terminating(namespace: JsonObject) -> bool:
    """Tell whether the namespace is being deleted."""
    return bool(_part(namespace, "metadata").get("deletionTimestamp"))


def _document(name: str, deployment_id: DeploymentId) -> JsonObject:
    return {
        "apiVersion": NAMESPACE.api_version,
        "kind": NAMESPACE.kind,
        "metadata": {
            "name": name,
            "labels": {"platz": "yes"},
            "annotations": {DEPLOYMENT_ANNOTATION: str(deployment_id)},
        },
    }


def _ours(client: KubeClient, present: JsonObject, name: str, deployment_id: DeploymentId) -> JsonObject:
    owner = deployment_of(present)
    if owner != str(deployment_id):
        whose = f"belongs to deployment {owner}" if owner else "was not made by Platz"
        raise Conflict(f"Namespace {name} already exists in cluster {client.cluster} and {whose}.")
    if _part(_part(present, "metadata"), "labels").get("platz") == "yes":
        return present
    return client.merge(NAMESPACE, {"metadata": {"labels": {"platz": "yes"}}}, name=name)


def _wait_for_the_old_one(client: KubeClient, name: str, deadline: float) -> None:
    while (present := client.find(NAMESPACE, name=name)) is not None and is_terminating(present):
        if time.monotonic() >= deadline:
            raise KubeUnfinished(
                f"The old namespace {name} in cluster {client.cluster} is still being deleted; "
                "something in it does not let go."
            )
        time.sleep(_LOOK_EVERY)


def _part(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    return cast("JsonObject", value) if isinstance(value, dict) else {}
