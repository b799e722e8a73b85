"""The work of scheduler and kubelet on a Pod: place it, start it, make it ready, end it.

Invariant: a Pod's phase only goes forward; its stage follows from its spec, its marks (see the docstring of
`platz_sandbox.kubernetes`) and the time since its start, so it continues after a restart of the simulator.
Source: Kubernetes "Pod Lifecycle".
"""

from __future__ import annotations

import time

from platz.backoff import EXACT, Backoff
from platz_sandbox.kubernetes.controllers.event_records import record
from platz_sandbox.kubernetes.controllers.loop import Loop, Timing
from platz_sandbox.kubernetes.controllers.pod_status import Behaviour, Mark, Stage, behaviour_of, pod_status
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    dig,
    objects,
    parse_time,
    part,
    seconds_since,
)
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.write_path import may_go

_MISSING_RETRY_SECONDS = 1.0
_CRASH_BACKOFF = Backoff(first=10.0, limit=300.0, spread=EXACT)
"""The kubelet's backoff."""
_NODES = 2


class PodLoop(Loop):
    """The control loop of Pods."""

    resource = "pods"

    def __init__(self, cluster: Cluster, timing: Timing) -> None:
        super().__init__(cluster, timing)
        self._started: dict[str, float] = {}  # exact start by uid; a Pod's status has whole seconds only

    def forget(self, uid: str) -> None:
        """Drop a Pod's exact start."""
        self._started.pop(uid, None)

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Take a Pod's next step."""
        if item.deleting:
            return self._end(item, document)
        if dig(document, "status", "phase") in {"Succeeded", "Failed"}:
            return None
        if not dig(document, "status", "startTime"):
            return self._start(item, document)
        missing = self._missing(document)
        if missing and dig(document, "status", "phase") == "Pending":
            record(self.cluster, document, "Failed", f"Error: {missing}", warning=True)
            self._show(document, Stage(mark=Mark.CONFIG_ERROR, message=missing))
            return _MISSING_RETRY_SECONDS
        return self._advance(item, document, behaviour_of(document, self.timing))

    def _start(self, item: Stored, document: KubeObject) -> float | None:
        self._started[item.uid] = time.monotonic()
        if not dig(document, "spec", "nodeName"):
            document["spec"]["nodeName"] = f"node-{int(item.uid[:8], 16) % _NODES + 1}"
        placed = f"Successfully assigned {item.namespace}/{item.name} to {document['spec']['nodeName']}"
        record(self.cluster, document, "Scheduled", placed, by="default-scheduler")
        document["status"] = pod_status(document, Stage(mark=Mark.CREATING))
        self.cluster.put(built_in("pods"), document)
        return behaviour_of(document, self.timing).ready_after

    def _advance(self, item: Stored, document: KubeObject, behaviour: Behaviour) -> float | None:
        """Write the stage that the Pod has reached; return the seconds until the next stage."""
        lived = self._lived(item.uid, document)
        if lived < behaviour.ready_after:
            return behaviour.ready_after - lived
        ran = lived - behaviour.ready_after
        if behaviour.ends_after is not None and ran >= behaviour.ends_after:
            ended = Mark.FAILED if behaviour.exit_code else Mark.SUCCEEDED
            self._show(document, Stage(mark=ended, exit_code=behaviour.exit_code))
            return None
        if behaviour.crashes:
            return self._crash(document, behaviour, ran)
        self._show(document, Stage(mark=Mark.RUNNING if behaviour.becomes_ready else Mark.UNREADY))
        return None if behaviour.ends_after is None else behaviour.ends_after - ran

    def _crash(self, document: KubeObject, behaviour: Behaviour, ran: float) -> float:
        """Write the number of restarts (backoff 10 s, 20 s, ... 5 minutes); return the seconds until the next."""
        restarts, passed = 0, 0.0
        while passed <= ran:
            restarts += 1
            passed += _CRASH_BACKOFF.after(restarts)
        self._show(document, Stage(mark=Mark.CRASHED, restarts=restarts, exit_code=behaviour.exit_code))
        return passed - ran

    def _show(self, document: KubeObject, stage: Stage) -> None:
        status = pod_status(document, stage)
        if status == document.get("status"):
            return
        self._tell(document, stage.mark)
        self.save_status(document, status)

    def _tell(self, document: KubeObject, mark: Mark) -> None:
        name = objects(document, "spec", "containers")[0]["name"]
        match mark:
            case Mark.RUNNING:
                record(self.cluster, document, "Started", f"Started container {name}")
            case Mark.UNREADY:
                told = "Readiness probe failed: HTTP probe failed with statuscode: 503"
                record(self.cluster, document, "Unhealthy", told, warning=True)
            case Mark.CRASHED:
                told = f"Back-off restarting failed container {name} in pod {document['metadata']['name']}"
                record(self.cluster, document, "BackOff", told, warning=True)
            case _:
                pass

    def _lived(self, uid: str, document: KubeObject) -> float:
        if uid not in self._started:
            self._started[uid] = time.monotonic() - seconds_since(document["status"]["startTime"])
        return time.monotonic() - self._started[uid]

    def _end(self, item: Stored, document: KubeObject) -> float | None:
        """Remove a deleted Pod after the shorter of `Timing.terminate` and its grace; return the seconds left."""
        metadata = document["metadata"]
        grace = metadata.get("deletionGracePeriodSeconds") or 0
        asked = parse_time(metadata["deletionTimestamp"]).timestamp() - grace
        remaining = min(self.timing.terminate, grace) - (time.time() - asked)
        if remaining > 0:
            return remaining
        metadata["deletionGracePeriodSeconds"] = 0
        if may_go(self.kind, document):
            self.cluster.remove(item)
        elif grace:
            self.cluster.put(self.kind, document)
        return None

    def _missing(self, document: KubeObject) -> str:
        """Return a message about the first missing object that the Pod needs, or an empty text."""
        namespace = document["metadata"]["namespace"]
        for resource, name in _references(document):
            if self.cluster.get(resource, namespace, name) is None:
                return f'{resource[:-1]} "{name}" not found'
        return ""


_BY_VARIABLE = (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps"))
_BY_ORIGIN = (("secretRef", "secrets"), ("configMapRef", "configmaps"))


def _references(pod: KubeObject) -> list[tuple[str, str]]:
    """Return (resource, name) of the Secrets and ConfigMaps without which the containers can't start."""
    found: list[tuple[str, KubeObject]] = []
    for container in (*objects(pod, "spec", "initContainers"), *objects(pod, "spec", "containers")):
        for variable in objects(container, "env"):
            found += [(resource, part(variable, "valueFrom", form)) for form, resource in _BY_VARIABLE]
        for origin in objects(container, "envFrom"):
            found += [(resource, part(origin, form)) for form, resource in _BY_ORIGIN]
    for volume in objects(pod, "spec", "volumes"):
        secret = part(volume, "secret")
        found.append(("secrets", {"name": secret.get("secretName"), "optional": secret.get("optional")}))
        found.append(("configmaps", part(volume, "configMap")))
    return [
        (kind, str(source["name"]))
        for kind, source in found
        if source.get("name") and not source.get("optional")
    ]
