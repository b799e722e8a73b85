"""Namespaces: their default objects, and their removal.

Invariant: a namespace is removed only when it is empty, and clients can create nothing in a terminating namespace.
Source: Kubernetes "Namespaces"; the namespace controller's conditions.
"""

from __future__ import annotations

import time

from platz_sandbox.kubernetes.controllers.loop import Loop, Timing
from platz_sandbox.kubernetes.controllers.owned_objects import create_child
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects, part, with_condition
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.storage import Storage
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete

_EACH_HAS = (
    ("serviceaccounts", {"metadata": {"name": "default"}}),
    ("configmaps", {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}}),
)


class NamespaceLoop(Loop):
    """Fills new namespaces with their default objects and empties those that are deleted."""

    resource = "namespaces"

    def __init__(self, cluster: Cluster, timing: Timing, storage: Storage) -> None:
        super().__init__(cluster, timing)
        self._storage = storage
        self._emptied: dict[str, float] = {}

    def forget(self, uid: str) -> None:
        """Drop the time since which a namespace is empty."""
        self._emptied.pop(uid, None)

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Create the default objects of a namespace, or go on with its deletion."""
        if not item.deleting:
            self._furnish(item.name)
            return None
        left = self.cluster.in_namespace(item.name)
        for thing in left:
            if not thing.deleting:
                delete(self.cluster, self.cluster.kinds.stored(thing.resource), thing, DeleteOptions())
        left = self.cluster.in_namespace(item.name)
        if left:
            self._show_remaining(document, left)
            return None
        return self._remove_in_time(item, document)

    def _furnish(self, namespace: str) -> None:
        for resource, template in _EACH_HAS:
            if self.cluster.get(resource, namespace, template["metadata"]["name"]) is None:
                metadata = {**template["metadata"], "namespace": namespace}
                create_child(self.cluster, built_in(resource), {**template, "metadata": metadata})

    def _remove_in_time(self, item: Stored, document: KubeObject) -> float | None:
        since = self._emptied.setdefault(item.uid, time.monotonic())
        remaining = self.timing.terminate - (time.monotonic() - since)
        if remaining > 0:
            return remaining
        if dig(document, "metadata", "finalizers"):
            return None
        self._storage.forget_applications(self.cluster.name, item.name)
        self.cluster.remove(item)
        return None

    def _show_remaining(self, document: KubeObject, left: list[Stored]) -> None:
        kinds = sorted({thing.resource for thing in left})
        held = [thing for thing in left if dig(thing.document(), "metadata", "finalizers")]
        told = ", ".join(
            f"{kind} has {sum(t.resource == kind for t in left)} resource instances" for kind in kinds
        )
        status: KubeObject = {**part(document, "status"), "phase": "Terminating"}
        waiting = "Some content in the namespace has finalizers remaining"
        for name, reason, message, holds in (
            (
                "NamespaceContentRemaining",
                "SomeResourcesRemain",
                f"Some resources are remaining: {told}",
                True,
            ),
            ("NamespaceFinalizersRemaining", "SomeFinalizersRemain", waiting, bool(held)),
        ):
            fresh = {
                "type": name,
                "status": "True" if holds else "False",
                "reason": reason,
                "message": message,
            }
            status["conditions"] = with_condition(objects(status, "conditions"), fresh)
        self.save_status(document, status)
