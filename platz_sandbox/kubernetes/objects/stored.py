"""An object as it is stored: its bytes, and the parts that lists, selectors and owners need without parsing them.

Invariant: a `Stored` never changes; `body` is exactly what a client receives that reads the whole object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, condition, dig, objects, texts
from platz_sandbox.kubernetes.objects.served_kinds import Kind


class ChangeType(Enum):
    """The kinds of changes to an object, named as in a watch."""

    ADDED = b"ADDED"
    MODIFIED = b"MODIFIED"
    DELETED = b"DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of one object."""

    resource: str
    namespace: str
    name: str
    uid: str
    version: int
    labels: Mapping[str, str]
    fields: Mapping[str, str]
    owners: tuple[str, ...]
    deleting: bool
    ready: bool
    body: bytes

    def document(self) -> KubeObject:
        """Return a fresh copy of the document, free to be changed."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a cluster's history."""

    type: ChangeType
    now: Stored
    before: Stored | None

    @property
    def version(self) -> int:
        """The resource version of this step."""
        return self.now.version


_SELECTABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pods": {
        "spec.nodeName": ("spec", "nodeName"),
        "spec.restartPolicy": ("spec", "restartPolicy"),
        "spec.schedulerName": ("spec", "schedulerName"),
        "spec.serviceAccountName": ("spec", "serviceAccountName"),
        "spec.hostNetwork": ("spec", "hostNetwork"),
        "status.phase": ("status", "phase"),
        "status.podIP": ("status", "podIP"),
        "status.nominatedNodeName": ("status", "nominatedNodeName"),
    },
    "events": {
        **{f"involvedObject.{key}": ("involvedObject", key)
           for key in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")},
        "reason": ("reason",),
        "reportingComponent": ("reportingComponent",),
        "source": ("source", "component"),
        "type": ("type",),
    },
    "secrets": {"type": ("type",)},
    "namespaces": {"status.phase": ("status", "phase")},
    "nodes": {"spec.unschedulable": ("spec", "unschedulable")},
    "services": {"spec.clusterIP": ("spec", "clusterIP"), "spec.type": ("spec", "type")},
    "jobs.batch": {"status.successful": ("status", "succeeded")},
    "replicasets.apps": {"status.replicas": ("status", "replicas")},
    "replicationcontrollers": {"status.replicas": ("status", "replicas")},
}  # fmt: skip

_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
}


def selectable(resource: str) -> Mapping[str, tuple[str, ...]]:
    """Return the fields that a field selector may name, with their paths (API reference, "Field Selectors")."""
    return {**_ALWAYS, **_SELECTABLE.get(resource, {})}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def stored(kind: Kind, document: KubeObject, version: int) -> Stored:
    """Return the document as a `Stored` of this version, which is also written into the document."""
    metadata = document["metadata"]
    metadata["resourceVersion"] = str(version)
    return Stored(
        resource=kind.resource,
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        uid=metadata["uid"],
        version=version,
        labels=texts(metadata, "labels"),
        fields={field: _text(dig(document, *path)) for field, path in selectable(kind.resource).items()},
        owners=tuple(owner["uid"] for owner in objects(metadata, "ownerReferences") if "uid" in owner),
        deleting="deletionTimestamp" in metadata,
        ready=(condition(document, "Ready") or {}).get("status") == "True",
        body=orjson.dumps(document),
    )


Matches = Callable[[Stored], bool]
