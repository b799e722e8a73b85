"""Objects that control loops create, such as Pods of workloads and ReplicaSets of Deployments.

Invariant: a child names its controller as owner, carries the template's labels, and has the defaults of its kind.
"""

from __future__ import annotations

import copy
import hashlib
import math
import uuid
from collections.abc import Mapping

import orjson

from platz_sandbox.kubernetes.objects.defaults import apply_defaults
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    controller_of,
    dig,
    now_text,
    part,
    texts,
)
from platz_sandbox.kubernetes.objects.served_kinds import Kind, built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.write_path import NAME_ALPHABET, random_suffix

HASH_LABEL = "pod-template-hash"
_POD_HASH_LABELS = (HASH_LABEL, "controller-revision-hash")


def template_hash(template: KubeObject) -> str:
    """Return a short hash of a Pod template, regardless of the labels that contain such a hash."""
    plain = copy.deepcopy(template)
    labels = texts(plain, "metadata", "labels")
    for label in _POD_HASH_LABELS:
        labels.pop(label, None)
    plain.setdefault("metadata", {})["labels"] = labels
    number = int.from_bytes(hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).digest()[:8])
    letters = ""
    for _ in range(10):
        number, rest = divmod(number, len(NAME_ALPHABET))
        letters += NAME_ALPHABET[rest]
    return letters


def owner_reference(kind: Kind, owner: KubeObject) -> KubeObject:
    """Return the reference that makes ``owner`` the controller."""
    metadata = owner["metadata"]
    return {
        "apiVersion": kind.api_version, "kind": kind.kind, "name": metadata["name"], "uid": metadata["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def create_child(cluster: Cluster, kind: Kind, document: KubeObject) -> Stored:
    """Store an object of a control loop; its metadata already has name (or generateName), namespace and owner."""
    metadata = document["metadata"]
    if "name" not in metadata:
        metadata["name"] = metadata["generateName"][:58] + random_suffix()
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now_text()}
    if kind.has_status:
        metadata["generation"] = 1
    document = {"apiVersion": kind.api_version, "kind": kind.kind, **document}
    apply_defaults(kind, document)
    return cluster.put(kind, document)


def create_pod(
    cluster: Cluster,
    owner_kind: Kind,
    owner: KubeObject,
    *,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Stored:
    """Create a Pod from its controller's template."""
    template: KubeObject = copy.deepcopy(owner["spec"]["template"])
    metadata: KubeObject = {
        "namespace": owner["metadata"]["namespace"],
        "labels": {**texts(template, "metadata", "labels"), **(labels or {})},
        "ownerReferences": [owner_reference(owner_kind, owner)],
    }
    if annotations := texts(template, "metadata", "annotations"):
        metadata["annotations"] = annotations
    if name is None:
        metadata["generateName"] = f"{owner['metadata']['name']}-"
    else:
        metadata["name"] = name
    return create_child(cluster, built_in("pods"), {"metadata": metadata, "spec": part(template, "spec")})


def controlled(cluster: Cluster, uid: str, resource: str) -> list[Stored]:
    """Return the objects of a kind whose controller has the uid."""
    found = [item for item in cluster.dependents(uid) if item.resource == resource]
    return [item for item in found if dig(controller_of(item.document()), "uid") == uid]


def is_active(pod: Stored) -> bool:
    """Tell whether a Pod still counts: neither ended nor being deleted."""
    return not pod.deleting and pod.fields["status.phase"] not in {"Succeeded", "Failed"}


def share(value: object, total: int, *, up: bool) -> int:
    """Return a number as `3` or `25%` of ``total`` means it; ``up`` rounds a percentage up."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit():
        part = total * int(value[:-1]) / 100
        return math.ceil(part) if up else math.floor(part)
    return 0


def with_replicas(document: KubeObject, replicas: int) -> KubeObject:
    """Return a workload's document with another number of replicas, and the next generation."""
    spec = part(document, "spec")
    metadata = {**document["metadata"], "generation": document["metadata"].get("generation", 0) + 1}
    return {**document, "metadata": metadata, "spec": {**spec, "replicas": replicas}}
