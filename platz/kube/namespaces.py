"""The namespace of a deployment.

Invariant: a namespace made by Platz carries the label `platz: "yes"` and the annotation `platz_deployment_id`;
Platz never takes over a namespace that names another deployment, or none, and deletes none that lacks either mark.
Others can write both marks, so whoever deletes also knows the name (`platz.observation.known_namespaces`).

Source: docs/contract/workers.md, "Install", "Deletion of namespaces".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import cast

from platz.errors import Conflict
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.errors import KubeAlreadyExists, KubeConflict, KubeNotFound
from platz.kube.object_removal import wait_until_gone

LABEL_SELECTOR = "platz=yes"
DEPLOYMENT_ANNOTATION = "platz_deployment_id"

HOLDING_CONDITIONS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)
"""The conditions that say what holds a namespace, the causes first."""

MAX_REASON = 2_000
"""The most characters that are quoted from a namespace's conditions."""


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
    """Delete the namespace if there is one. Raises `Conflict` when it does not carry both marks of the deployment."""
    present = client.find(NAMESPACE, name=name)
    if present is None:
        return
    if not is_marked(present, deployment_id):
        raise Conflict(f"Namespace {name} in cluster {client.cluster} does not belong to this deployment.")
    delete_namespace(client, name=name)


def is_marked(namespace: JsonObject, deployment_id: DeploymentId) -> bool:
    """Return whether the namespace carries both marks of this deployment: Platz's label and its id."""
    return is_labelled(namespace) and deployment_of(namespace) == str(deployment_id)


def is_labelled(namespace: JsonObject) -> bool:
    """Return whether the namespace carries Platz's label."""
    return _part(_part(namespace, "metadata"), "labels").get("platz") == "yes"


def name_of(namespace: JsonObject) -> str:
    """Return the namespace's name."""
    return str(_part(namespace, "metadata").get("name"))


def deployment_of(namespace: JsonObject) -> str | None:
    """Return the annotation that names the namespace's deployment, or None; its text need not be a UUID."""
    value = _part(_part(namespace, "metadata"), "annotations").get(DEPLOYMENT_ANNOTATION)
    return value if isinstance(value, str) else None


def is_terminating(namespace: JsonObject) -> bool:
    """Tell whether the namespace is being deleted."""
    return bool(_part(namespace, "metadata").get("deletionTimestamp"))


def seconds_terminating(namespace: JsonObject, now: datetime) -> float:
    """Return for how long the namespace has been deleted already; 0 if it is not, or if its timestamp can't be read."""
    since = _part(namespace, "metadata").get("deletionTimestamp")
    try:
        return (now - datetime.fromisoformat(since)).total_seconds() if isinstance(since, str) else 0.0
    except (ValueError, TypeError):
        return 0.0


def still_terminating(namespace: JsonObject, *, cluster: str) -> str:
    """Return a sentence about a namespace that is being deleted, with what holds it, as far as the cluster says.

    Source: Kubernetes, `NamespaceConditionType`: the namespace controller writes the conditions at each attempt.
    """
    held = "; ".join(_holders(namespace)) or "the cluster does not say what holds it"
    return f"Namespace {name_of(namespace)} in cluster {cluster} is still being deleted: {held[:MAX_REASON]}."


def _holders(namespace: JsonObject) -> Iterator[str]:
    listed = _part(namespace, "status").get("conditions")
    conditions = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for type_ in HOLDING_CONDITIONS:
        for each in conditions:
            if (each.get("type"), each.get("status")) == (type_, "True"):
                yield str(each.get("message") or type_).rstrip(". ")
    finalizers = _part(namespace, "metadata").get("finalizers")
    if isinstance(finalizers, list) and finalizers:
        yield f"the namespace itself has the finalizers {', '.join(map(str, finalizers))}"


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
    if is_labelled(present):
        return present
    return client.merge(NAMESPACE, {"metadata": {"labels": {"platz": "yes"}}}, name=name)


def _wait_for_the_old_one(client: KubeClient, name: str, deadline: float) -> None:
    def look() -> str | None:
        present = client.find(NAMESPACE, name=name)
        if present is None or not is_terminating(present):
            return None
        return still_terminating(present, cluster=client.cluster)

    wait_until_gone(client, look, deadline=deadline)


def _part(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    return cast("JsonObject", value) if isinstance(value, dict) else {}
