"""DaemonSets: one Pod on each node.

Invariant: a node never has two Pods of the set; an update replaces one ready Pod at a time.
Source: Kubernetes "DaemonSet".
"""

from __future__ import annotations

import copy

from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import (
    controlled,
    create_pod,
    is_active,
    template_hash,
)
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete

_REVISION = "controller-revision-hash"


class DaemonSetLoop(Loop):
    """The control loop of DaemonSets."""

    resource = "daemonsets.apps"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Create the missing Pods, replace outdated ones, and write the status."""
        if item.deleting:
            return None
        revision = template_hash(document["spec"]["template"])
        nodes = [node.name for node in self.cluster.list("nodes")]
        every = controlled(self.cluster, item.uid, "pods")
        pods = {pod.fields["spec.nodeName"]: pod for pod in every if is_active(pod)}
        for node in nodes:
            if node not in pods and not any(pod.fields["spec.nodeName"] == node for pod in every):
                pods[node] = self._create(document, node, revision)
        self._replace_one(document, list(pods.values()), revision)
        self.save_status(document, _status(document, nodes, list(pods.values()), revision))
        return None

    def _create(self, document: KubeObject, node: str, revision: str) -> Stored:
        owner = copy.deepcopy(document)
        owner["spec"]["template"].setdefault("spec", {})["nodeName"] = node
        return create_pod(self.cluster, self.kind, owner, labels={_REVISION: revision})

    def _replace_one(self, document: KubeObject, pods: list[Stored], revision: str) -> None:
        if dig(document, "spec", "updateStrategy", "type") == "OnDelete":
            return
        old = [pod for pod in pods if pod.labels.get(_REVISION) != revision]
        broken = [pod for pod in old if not pod.ready]
        all_ready = all(pod.ready for pod in pods)
        for pod in broken or (old[:1] if all_ready else []):
            delete(self.cluster, built_in("pods"), pod, DeleteOptions(grace=30))


def _status(document: KubeObject, nodes: list[str], pods: list[Stored], revision: str) -> KubeObject:
    ready = sum(pod.ready for pod in pods)
    updated = sum(pod.labels.get(_REVISION) == revision for pod in pods)
    counts = {
        "updatedNumberScheduled": updated,
        "numberAvailable": ready,
        "numberUnavailable": len(nodes) - ready,
    }
    return {
        "currentNumberScheduled": len(pods),
        "numberMisscheduled": 0,
        "desiredNumberScheduled": len(nodes),
        "numberReady": ready,
        "observedGeneration": document["metadata"].get("generation", 1),
        **{name: count for name, count in counts.items() if count},
    }
