"""Deletion: preconditions, propagation, grace, finalizers.

Invariant: an object whose removal must wait (for finalizers, a Pod's grace, a namespace's content) stays visible with
its `deletionTimestamp`; every other object is removed at once.
Source: Kubernetes "Garbage Collection", "Finalizers", "Pod Lifecycle: termination".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.status_errors import bad_request, conflict, forbidden
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.write_path import FOREGROUND, ORPHAN, may_go

_PROTECTED = frozenset({"default", "kube-system", "kube-public"})
_FINALIZERS = {"Foreground": FOREGROUND, "Orphan": ORPHAN}


@dataclass(frozen=True, kw_only=True)
class DeleteOptions:
    """A client's options for a deletion; ``grace`` in seconds."""

    propagation: str = "Background"
    grace: int | None = None
    uid: str | None = None
    version: str | None = None
    dry_run: bool = False


def read_options(document: KubeObject, query: dict[str, str]) -> DeleteOptions:
    """Read DeleteOptions from the body, and from the query where the body has no value."""
    orphan = document.get(
        "orphanDependents", {"true": True, "false": False}.get(query.get("orphanDependents", ""))
    )
    by_orphan = (
        {True: "Orphan", False: "Background"}.get(orphan, "Background")
        if orphan is not None
        else "Background"
    )
    propagation = document.get("propagationPolicy") or query.get("propagationPolicy") or by_orphan
    if propagation not in {"Background", *_FINALIZERS}:
        raise bad_request(f'invalid propagationPolicy: "{propagation}"')
    grace = document.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    return DeleteOptions(
        propagation=propagation,
        grace=int(grace) if grace is not None else None,
        uid=dig(document, "preconditions", "uid"),
        version=dig(document, "preconditions", "resourceVersion"),
        dry_run="All" in (document.get("dryRun") or query.get("dryRun") or ""),
    )


def delete(cluster: Cluster, kind: Kind, item: Stored, options: DeleteOptions) -> Stored:
    """Remove an object, or mark it as deleted when its removal must wait; return its new state."""
    if kind.resource == "namespaces" and item.name in _PROTECTED:
        raise forbidden(plural=kind.plural, name=item.name, why="this namespace may not be deleted")
    _check_preconditions(kind, item, options)
    document = item.document()
    metadata = document["metadata"]
    finalizer = _FINALIZERS.get(options.propagation)
    if finalizer and finalizer not in (metadata.get("finalizers") or ()) and not item.deleting:
        metadata["finalizers"] = [*(metadata.get("finalizers") or ()), finalizer]
    grace = _grace(kind, document, options)
    if not item.deleting or grace < metadata.get("deletionGracePeriodSeconds", grace):
        until = datetime.now(UTC) + timedelta(seconds=grace)
        metadata["deletionTimestamp"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata["deletionGracePeriodSeconds"] = grace
        if kind.resource == "namespaces":
            document.setdefault("status", {})["phase"] = "Terminating"
    if options.dry_run:
        return item
    if may_go(kind, document):
        return cluster.remove(item)
    return item if document == item.document() else cluster.put(kind, document)


def _check_preconditions(kind: Kind, item: Stored, options: DeleteOptions) -> None:
    for called, wanted, present in (
        ("UID", options.uid, item.uid),
        ("ResourceVersion", options.version, str(item.version)),
    ):
        if wanted is not None and wanted != present:
            why = (
                f"Precondition failed: {called} in precondition: {wanted}, {called} in object meta: {present}"
            )
            raise conflict(plural=kind.plural, group=kind.group, name=item.name, why=why)


def _grace(kind: Kind, document: KubeObject, options: DeleteOptions) -> int:
    """Return the grace in seconds: 0 except for a Pod that is placed on a node and has not ended."""
    if kind.resource != "pods":
        return 0
    if dig(document, "status", "phase") in {"Succeeded", "Failed"} or not dig(document, "spec", "nodeName"):
        return 0
    if options.grace is not None:
        return max(options.grace, 0)
    return int(dig(document, "spec", "terminationGracePeriodSeconds") or 0)
