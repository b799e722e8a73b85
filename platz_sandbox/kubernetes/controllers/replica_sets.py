"""ReplicaSets: the wanted number of Pods.

Invariant: Pods that have ended or are being deleted never count; of surplus Pods, those that are not ready go first.
Source: Kubernetes "ReplicaSet".
"""

from __future__ import annotations

from platz_sandbox.kubernetes.controllers.event_records import record
from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import controlled, create_pod, is_active
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, number
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete


class ReplicaSetLoop(Loop):
    """The control loop of ReplicaSets."""

    resource = "replicasets.apps"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Create the missing Pods or delete the surplus ones, and write the status."""
        if item.deleting:
            return None
        pods = [pod for pod in controlled(self.cluster, item.uid, "pods") if is_active(pod)]
        wanted = number(document, "spec", "replicas", default=1)
        for _ in range(wanted - len(pods)):
            pod = create_pod(self.cluster, self.kind, document)
            told = f"Created pod: {pod.name}"
            record(self.cluster, document, "SuccessfulCreate", told, by="replicaset-controller")
            pods.append(pod)
        if len(pods) > wanted:
            by_worth = sorted(pods, key=lambda pod: (pod.ready, -pod.version))
            for pod in by_worth[: len(pods) - wanted]:
                delete(self.cluster, built_in("pods"), pod, DeleteOptions(grace=30))
                told = f"Deleted pod: {pod.name}"
                record(self.cluster, document, "SuccessfulDelete", told, by="replicaset-controller")
            pods = by_worth[len(pods) - wanted :]
        ready = sum(pod.ready for pod in pods)
        counts = {"readyReplicas": ready, "availableReplicas": ready} if ready else {}
        status = {"replicas": len(pods), "fullyLabeledReplicas": len(pods), **counts}
        self.save_status(
            document, {**status, "observedGeneration": document["metadata"].get("generation", 1)}
        )
        return None
