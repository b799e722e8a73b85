"""Garbage collection, and the objects besides owners that a change affects.

Invariant: an object whose owners are all gone is deleted; one whose deletion waits for dependents goes after them.
Source: Kubernetes "Garbage Collection" (background, foreground and orphan propagation).
"""

from __future__ import annotations

from collections.abc import Iterable

from platz_sandbox.kubernetes.controllers.loop import Collector
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, objects
from platz_sandbox.kubernetes.objects.stored import Change, ChangeType, Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete
from platz_sandbox.kubernetes.writes.write_path import FOREGROUND, ORPHAN, may_go


class GarbageCollector(Collector):
    """The collector: it deletes objects whose owners are gone, and handles `orphan` and `foregroundDeletion`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def collect(self, item: Stored) -> bool:
        """Delete an object whose owners are gone, or go on with a deletion; return whether it was deleted here."""
        if item.owners and not any(self.cluster.by_uid(owner) for owner in item.owners):
            if not item.deleting:
                delete(self.cluster, self.cluster.kinds.stored(item.resource), item, DeleteOptions())
                return True
        elif len(item.owners) > 1:
            self._drop_dangling(item)
        if item.deleting:
            self._go_on_deleting(item)
        return False

    def interested_in(self, change: Change) -> Iterable[str]:
        """Return the uids of a namespace that waits to be empty, of Services and disruption budgets after a Pod's
        change, and of pending Pods after a new Secret or ConfigMap.
        """
        namespace = change.now.namespace
        if not namespace:
            return
        space = self.cluster.get("namespaces", "", namespace)
        if space and space.deleting and change.type is ChangeType.DELETED:
            yield space.uid
        if change.now.resource == "pods" and _availability(change.now) != _availability(change.before):
            for resource in ("services", "poddisruptionbudgets.policy"):
                yield from (item.uid for item in self.cluster.list(resource, namespace))
        if change.now.resource in {"secrets", "configmaps"} and change.type is ChangeType.ADDED:
            pods = self.cluster.list("pods", namespace)
            yield from (pod.uid for pod in pods if pod.fields["status.phase"] == "Pending")

    def _drop_dangling(self, item: Stored) -> None:
        """Remove the references to owners that are gone, while others remain."""
        gone = {owner for owner in item.owners if self.cluster.by_uid(owner) is None}
        if gone:
            self._keep_owners(item, gone)

    def _keep_owners(self, item: Stored, dropped: set[str]) -> None:
        document = item.document()
        owners = [
            owner for owner in objects(document, "metadata", "ownerReferences") if owner["uid"] not in dropped
        ]
        document["metadata"]["ownerReferences"] = owners
        if not owners:
            del document["metadata"]["ownerReferences"]
        self.cluster.put(self.cluster.kinds.stored(item.resource), document)

    def _go_on_deleting(self, item: Stored) -> None:
        document = item.document()
        finalizers = document["metadata"].get("finalizers") or ()
        dependents = self.cluster.dependents(item.uid)
        if ORPHAN in finalizers:
            for dependent in dependents:
                self._keep_owners(dependent, {item.uid})
            self._release(item, document, ORPHAN)
        elif FOREGROUND in finalizers:
            blocking = [d for d in dependents if _blocks(d, item.uid)]
            for dependent in dependents:
                if not dependent.deleting:
                    kind = self.cluster.kinds.stored(dependent.resource)
                    delete(self.cluster, kind, dependent, DeleteOptions(propagation="Foreground"))
            if not any(self.cluster.by_uid(dependent.uid) for dependent in blocking):
                self._release(item, document, FOREGROUND)

    def _release(self, item: Stored, document: KubeObject, finalizer: str) -> None:
        """Remove the collector's finalizer; without other finalizers, remove the object."""
        metadata = document["metadata"]
        metadata["finalizers"] = [name for name in metadata["finalizers"] if name != finalizer]
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        kind = self.cluster.kinds.stored(item.resource)
        if may_go(kind, document):
            self.cluster.remove(item)
        else:
            self.cluster.put(kind, document)


def _blocks(dependent: Stored, owner: str) -> bool:
    owners = objects(dependent.document(), "metadata", "ownerReferences")
    return any(reference.get("blockOwnerDeletion") for reference in owners if reference["uid"] == owner)


def _availability(pod: Stored | None) -> tuple[object, ...]:
    return () if pod is None else (pod.ready, pod.deleting, pod.labels, pod.fields["status.podIP"])
