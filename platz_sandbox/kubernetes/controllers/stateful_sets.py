"""StatefulSets: numbered Pods, started one after the other, each with its own volumes.

Invariant: with `OrderedReady`, Pod N is created only when all Pods before it are ready, and Pods are removed from the
highest down; an update replaces one Pod at a time, from the highest down to the partition, and waits for each. A Pod
that never becomes ready therefore blocks `OrderedReady`, also against its own fix, until someone deletes it.
Source: Kubernetes "StatefulSets" ("Rolling Updates", "Forced rollback").
"""

from __future__ import annotations

import copy

from platz_sandbox.kubernetes.controllers.event_records import record
from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import (
    controlled,
    create_child,
    create_pod,
    is_active,
    owner_reference,
    template_hash,
)
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, number, objects, part
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete

REVISION_LABEL = "controller-revision-hash"
_BY = "statefulset-controller"


class StatefulSetLoop(Loop):
    """The control loop of StatefulSets."""

    resource = "statefulsets.apps"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Take one step towards the template, and write the status."""
        if item.deleting:
            return None
        revision = f"{item.name}-{template_hash(document['spec']['template'])}"
        self._keep_revision(document, revision)
        pods = {_ordinal(pod): pod for pod in controlled(self.cluster, item.uid, "pods")}
        self._step(document, pods, revision)
        pods = {_ordinal(pod): pod for pod in controlled(self.cluster, item.uid, "pods")}
        self.save_status(document, _status(document, pods, revision))
        return None

    def _step(self, document: KubeObject, pods: dict[int, Stored], revision: str) -> None:
        """Create the next missing Pod, or remove the next Pod that is surplus or out of date."""
        wanted = number(document, "spec", "replicas", default=1)
        parallel = dig(document, "spec", "podManagementPolicy") == "Parallel"
        for ordinal in range(wanted):
            pod = pods.get(ordinal)
            if pod is None:
                self._create(document, ordinal, self._revision_for(document, ordinal, revision))
            elif not is_active(pod) and not pod.deleting:
                self._delete(document, pod)  # an ended Pod is replaced under the same name
            if not parallel and not _is_available(pod):
                return
        surplus = sorted((ordinal for ordinal in pods if ordinal >= wanted), reverse=True)
        for ordinal in surplus if parallel else surplus[:1]:
            self._delete(document, pods[ordinal])
        if parallel or not surplus:
            self._update(document, pods, revision)

    def _update(self, document: KubeObject, pods: dict[int, Stored], revision: str) -> None:
        """Delete the highest outdated Pod, ready or not, unless a Pod above it is not available yet."""
        if not _updates_itself(document):
            return
        wanted = number(document, "spec", "replicas", default=1)
        for ordinal in range(wanted - 1, _partition(document) - 1, -1):
            pod = pods.get(ordinal)
            if pod and not pod.deleting and pod.labels.get(REVISION_LABEL) != revision:
                self._delete(document, pod)
                return
            if not _is_available(pod):
                return

    def _revision_for(self, document: KubeObject, ordinal: int, revision: str) -> str:
        """Return the revision for a new Pod's label: below the partition the current one, else the update's."""
        if ordinal < _partition(document):
            return str(dig(document, "status", "currentRevision") or revision)
        return revision

    def _create(self, document: KubeObject, ordinal: int, revision: str) -> None:
        metadata = document["metadata"]
        name = f"{metadata['name']}-{ordinal}"
        owner = copy.deepcopy(document)
        spec = owner["spec"]["template"].setdefault("spec", {})
        spec["hostname"], spec["subdomain"] = name, dig(document, "spec", "serviceName") or ""
        volumes = objects(spec, "volumes")
        for claim in objects(document, "spec", "volumeClaimTemplates"):
            volume = f"{claim['metadata']['name']}-{name}"
            volumes.append(
                {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": volume}}
            )
            self._claim(
                metadata["namespace"], volume, claim, part(document, "spec", "selector", "matchLabels")
            )
        if volumes:
            spec["volumes"] = volumes
        labels = {
            REVISION_LABEL: revision, "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }  # fmt: skip
        create_pod(self.cluster, self.kind, owner, name=name, labels=labels)
        told = f"create Pod {name} in StatefulSet {metadata['name']} successful"
        record(self.cluster, document, "SuccessfulCreate", told, by=_BY)

    def _claim(self, namespace: str, name: str, template: KubeObject, labels: dict[str, str]) -> None:
        if self.cluster.get("persistentvolumeclaims", namespace, name):
            return
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        document = {"metadata": metadata, "spec": copy.deepcopy(part(template, "spec"))}
        create_child(self.cluster, built_in("persistentvolumeclaims"), document)

    def _delete(self, document: KubeObject, pod: Stored) -> None:
        if pod.deleting:
            return
        delete(self.cluster, built_in("pods"), pod, DeleteOptions(grace=30))
        told = f"delete Pod {pod.name} in StatefulSet {document['metadata']['name']} successful"
        record(self.cluster, document, "SuccessfulDelete", told, by=_BY)

    def _keep_revision(self, document: KubeObject, name: str) -> None:
        """Store the template as a ControllerRevision, for `kubectl rollout history` and `undo`."""
        metadata = document["metadata"]
        known = controlled(self.cluster, metadata["uid"], "controllerrevisions.apps")
        if any(revision.name == name for revision in known):
            return
        last = max((number(revision.document(), "revision") for revision in known), default=0)
        template = {**copy.deepcopy(document["spec"]["template"]), "$patch": "replace"}
        create_child(self.cluster, built_in("controllerrevisions.apps"), {
            "metadata": {"name": name, "namespace": metadata["namespace"], "labels": {REVISION_LABEL: name},
                         "ownerReferences": [owner_reference(self.kind, document)]},
            "revision": last + 1, "data": {"spec": {"template": template}},
        })  # fmt: skip


def _is_available(pod: Stored | None) -> bool:
    return pod is not None and pod.ready and not pod.deleting


def _ordinal(pod: Stored) -> int:
    return int(pod.name.rsplit("-", 1)[-1])


def _partition(document: KubeObject) -> int:
    return number(document, "spec", "updateStrategy", "rollingUpdate", "partition")


def _updates_itself(document: KubeObject) -> bool:
    return dig(document, "spec", "updateStrategy", "type") != "OnDelete"


def _status(document: KubeObject, pods: dict[int, Stored], revision: str) -> KubeObject:
    active = [pod for pod in pods.values() if is_active(pod)]
    updated = sum(pod.labels.get(REVISION_LABEL) == revision for pod in active)
    current = str(dig(document, "status", "currentRevision") or revision)
    ready = sum(pod.ready for pod in active)
    if updated == len(active) == number(document, "spec", "replicas", default=1):
        current = revision
    counts = {
        "readyReplicas": ready,
        "currentReplicas": sum(pod.labels.get(REVISION_LABEL) == current for pod in active),
        "updatedReplicas": updated,
    }
    return {
        "observedGeneration": document["metadata"].get("generation", 1),
        "replicas": len(active),
        "availableReplicas": ready,
        **{name: count for name, count in counts.items() if count},
        "currentRevision": current,
        "updateRevision": revision,
        "collisionCount": 0,
    }
