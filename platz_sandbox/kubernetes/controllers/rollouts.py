"""Deployments: a ReplicaSet for each template, and the roll-out from the old ones to the new one.

Invariant: during a rolling update there are never more Pods than `maxSurge` allows above the wanted number, and never
fewer available ones than `maxUnavailable` allows below it.
Source: Kubernetes "Deployments" (rolling update, recreate, revisions, progress deadline).
"""

from __future__ import annotations

import copy

from platz_sandbox.kubernetes.controllers.deployment_status import (
    deployment_status,
    remaining_progress_seconds,
)
from platz_sandbox.kubernetes.controllers.event_records import record
from platz_sandbox.kubernetes.controllers.generations import REVISION, Generation
from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import (
    HASH_LABEL,
    controlled,
    create_child,
    owner_reference,
    share,
    template_hash,
    with_replicas,
)
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, annotation, dig, number, texts
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored

_BY = "deployment-controller"
_LOOK_AGAIN_SECONDS = 0.1  # while old Pods end, because a change to a Pod does not wake its Deployment


class DeploymentLoop(Loop):
    """The control loop of Deployments."""

    resource = "deployments.apps"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Take one step of the roll-out, and write the status."""
        if item.deleting:
            return None
        generations = [
            Generation(document=rs.document())
            for rs in controlled(self.cluster, item.uid, "replicasets.apps")
        ]
        paused = bool(dig(document, "spec", "paused"))
        new = self._newest(document, generations, create=not paused)
        old = [generation for generation in generations if generation is not new]
        self._show_revision(document, new)
        if paused or new is None:
            self._scale_only(document, generations)
        elif dig(document, "spec", "strategy", "type") == "Recreate":
            if not self._recreate(document, new, old):
                return _LOOK_AGAIN_SECONDS
        else:
            self._roll(document, new, old)
        self._forget_old(document, old)
        status = deployment_status(document, new, old)
        document = self.cluster.get(self.resource, item.namespace, item.name).document()  # type: ignore[union-attr]
        self.save_status(document, status)
        return remaining_progress_seconds(document, status)

    def _newest(
        self, document: KubeObject, generations: list[Generation], *, create: bool
    ) -> Generation | None:
        """Return the ReplicaSet of the present template, with the highest revision; None when it may not be created."""
        name = template_hash(document["spec"]["template"])
        last = max((generation.revision for generation in generations), default=0)
        known = next(
            (g for g in generations if texts(g.document, "metadata", "labels").get(HASH_LABEL) == name), None
        )
        if known is None:
            return self._create(document, name, last + 1, generations) if create else None
        if known.revision < last:
            document_of = known.document
            document_of["metadata"].setdefault("annotations", {})[REVISION] = str(last + 1)
            known.document = self.cluster.put(built_in("replicasets.apps"), document_of).document()
        return known

    def _create(
        self, document: KubeObject, name: str, revision: int, generations: list[Generation]
    ) -> Generation:
        template = copy.deepcopy(document["spec"]["template"])
        labels = {**texts(template, "metadata", "labels"), HASH_LABEL: name}
        template.setdefault("metadata", {})["labels"] = labels
        selector = copy.deepcopy(document["spec"]["selector"])
        selector.setdefault("matchLabels", {})[HASH_LABEL] = name
        metadata: KubeObject = {
            "name": f"{document['metadata']['name']}-{name}", "namespace": document["metadata"]["namespace"],
            "labels": labels, "annotations": {**texts(document, "metadata", "annotations"), REVISION: str(revision)},
            "ownerReferences": [owner_reference(self.kind, document)],
        }  # fmt: skip
        metadata["annotations"].pop("kubectl.kubernetes.io/last-applied-configuration", None)
        spec = {"replicas": 0, "selector": selector, "template": template}
        made = create_child(self.cluster, built_in("replicasets.apps"), {"metadata": metadata, "spec": spec})
        generation = Generation(document=made.document())
        generations.append(generation)
        return generation

    def _show_revision(self, document: KubeObject, new: Generation | None) -> None:
        """Write the revision on the Deployment, where `kubectl rollout` looks for it."""
        if new is None or annotation(document, REVISION) == str(new.revision):
            return
        document["metadata"].setdefault("annotations", {})[REVISION] = str(new.revision)
        stored = self.cluster.put(self.kind, document)
        document["metadata"]["resourceVersion"] = str(stored.version)

    def _scale(self, document: KubeObject, generation: Generation, replicas: int) -> None:
        if generation.replicas == replicas:
            return
        way = "up" if replicas > generation.replicas else "down"
        name = generation.document["metadata"]["name"]
        told = f"Scaled {way} replica set {name} from {generation.replicas} to {replicas}"
        changed = with_replicas(generation.document, replicas)
        generation.document = self.cluster.put(built_in("replicasets.apps"), changed).document()
        record(self.cluster, document, "ScalingReplicaSet", told, by=_BY)

    def _scale_only(self, document: KubeObject, generations: list[Generation]) -> None:
        """Scale a paused Deployment, when exactly one of its ReplicaSets wants Pods."""
        active = [generation for generation in generations if generation.replicas]
        if len(active) == 1:
            self._scale(document, active[0], number(document, "spec", "replicas"))

    def _recreate(self, document: KubeObject, new: Generation, old: list[Generation]) -> bool:
        """End the old Pods, then start the new ones; return whether all old Pods are gone."""
        for generation in old:
            self._scale(document, generation, 0)
        gone = not any(self._pods_left(generation) for generation in old)
        if gone:
            self._scale(document, new, number(document, "spec", "replicas"))
        return gone

    def _pods_left(self, generation: Generation) -> bool:
        return bool(controlled(self.cluster, generation.document["metadata"]["uid"], "pods"))

    def _roll(self, document: KubeObject, new: Generation, old: list[Generation]) -> None:
        wanted = number(document, "spec", "replicas")
        surge = share(dig(document, "spec", "strategy", "rollingUpdate", "maxSurge"), wanted, up=True)
        missing = share(
            dig(document, "spec", "strategy", "rollingUpdate", "maxUnavailable"), wanted, up=False
        )
        if surge == 0 and missing == 0:
            missing = 1
        total = new.replicas + sum(generation.replicas for generation in old)
        if new.replicas > wanted or not any(generation.replicas for generation in old):
            self._scale(document, new, wanted)
        elif total < wanted + surge:
            self._scale(document, new, min(wanted, new.replicas + wanted + surge - total))
        self._shrink(document, new, old, floor=wanted - missing)

    def _shrink(self, document: KubeObject, new: Generation, old: list[Generation], *, floor: int) -> None:
        """Scale down the old ReplicaSets: unavailable Pods at once, available ones while ``floor`` remain available."""
        available = new.available + sum(generation.available for generation in old)
        spare = max(available - floor, 0)
        for generation in sorted(old, key=lambda g: g.revision):
            if not generation.replicas:
                continue
            idle = (
                max(generation.replicas - generation.available, 0)
                if generation.pods >= generation.replicas
                else 0
            )
            taken = min(generation.available, spare)
            self._scale(document, generation, max(generation.replicas - idle - taken, 0))
            spare -= taken

    def _forget_old(self, document: KubeObject, old: list[Generation]) -> None:
        """Remove the oldest unused ReplicaSets beyond the `revisionHistoryLimit`."""
        idle = sorted((g for g in old if not g.replicas and not g.pods), key=lambda g: g.revision)
        for generation in idle[
            : max(len(idle) - number(document, "spec", "revisionHistoryLimit", default=10), 0)
        ]:
            item = self.cluster.by_uid(generation.document["metadata"]["uid"])
            if item:
                self.cluster.remove(item)
            old.remove(generation)
