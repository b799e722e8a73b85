"""Kubernetes Events: messages of the control loops, shown by `kubectl describe`.

Invariant: a repeated message about an object raises the count of one Event; an Event is removed an hour after its last
message.
"""

from __future__ import annotations

import hashlib

from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import create_child
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, now_text, number, seconds_since
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored

_KEPT_SECONDS = 3600.0


def record(
    cluster: Cluster,
    about: KubeObject,
    reason: str,
    message: str,
    *,
    warning: bool = False,
    by: str = "kubelet",
) -> None:
    """Record an Event about an object; do nothing in a missing or terminating namespace."""
    metadata, moment = about["metadata"], now_text()
    namespace = metadata.get("namespace") or "default"
    space = cluster.get("namespaces", "", namespace)
    if space is None or space.deleting:
        return
    digest = hashlib.sha256(f"{metadata['uid']} {reason} {message}".encode()).hexdigest()[:16]
    name = f"{metadata['name'][:200]}.{digest}"
    kind = built_in("events")
    if known := cluster.get("events", namespace, name):
        document = known.document()
        cluster.put(kind, {**document, "count": number(document, "count") + 1, "lastTimestamp": moment})
        return
    involved = {"kind": about["kind"], "namespace": metadata.get("namespace", ""), "name": metadata["name"],
                "uid": metadata["uid"], "apiVersion": about["apiVersion"]}  # fmt: skip
    create_child(cluster, kind, {
        "metadata": {"name": name, "namespace": namespace}, "involvedObject": involved, "reason": reason,
        "message": message, "type": "Warning" if warning else "Normal", "source": {"component": by}, "count": 1,
        "firstTimestamp": moment, "lastTimestamp": moment, "eventTime": None, "reportingComponent": by,
        "reportingInstance": "",
    })  # fmt: skip


class EventLoop(Loop):
    """The control loop of Events, which removes old ones."""

    resource = "events"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Remove the Event when its hour is over."""
        last = document.get("lastTimestamp") or document["metadata"]["creationTimestamp"]
        remaining = _KEPT_SECONDS - seconds_since(last)
        if remaining > 0:
            return remaining
        self.cluster.remove(item)
        return None
