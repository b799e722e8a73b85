"""The meaning of a Pod's marks, and the `status` for each stage of its life.

Invariant: a Pod that is still at the same stage gets the same status, so examining it again changes nothing.
Source: Kubernetes API reference, PodStatus and ContainerStatus.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from platz_sandbox.kubernetes.controllers.loop import Timing
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    annotation,
    dig,
    now_text,
    objects,
    part,
    with_condition,
)

PREFIX = "sandbox.platz.io/"
_HOST_ADDRESS = "172.18.0.2"


class Mark(Enum):
    """The stages of a Pod."""

    CREATING = "creating"
    CONFIG_ERROR = "config error"
    RUNNING = "running"
    UNREADY = "unready"
    CRASHED = "crashed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The behaviour of a Pod: times in seconds; ``ends_after`` is None when it runs forever."""

    ready_after: float
    ends_after: float | None
    exit_code: int
    becomes_ready: bool
    crashes: bool


def _number(pod: KubeObject, name: str, default: float) -> float:
    try:
        return float(annotation(pod, PREFIX + name) or default)
    except ValueError:
        return default


def behaviour_of(pod: KubeObject, timing: Timing) -> Behaviour:
    """Derive a Pod's behaviour from its spec, images and annotations."""
    images = " ".join(str(container.get("image")) for container in objects(pod, "spec", "containers"))
    ends = dig(pod, "spec", "restartPolicy") != "Always"
    crashes = "crash" in images or annotation(pod, PREFIX + "crash") == "true"
    never = "never-ready" in images or annotation(pod, PREFIX + "never-ready") == "true"
    return Behaviour(
        ready_after=_number(pod, "ready-seconds", timing.ready),
        ends_after=_number(pod, "run-seconds", timing.run) if ends and not never else None,
        exit_code=int(_number(pod, "exit-code", 1 if crashes else 0)),
        becomes_ready=not never,
        crashes=crashes and not ends,
    )


_PHASES = {
    Mark.CREATING: "Pending",
    Mark.CONFIG_ERROR: "Pending",
    Mark.SUCCEEDED: "Succeeded",
    Mark.FAILED: "Failed",
}
_REASONS = {Mark.SUCCEEDED: "PodCompleted", Mark.FAILED: "PodFailed"}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A Pod's present stage, with the details that its containers' statuses show."""

    mark: Mark
    message: str = ""
    restarts: int = 0
    exit_code: int = 0


def pod_status(pod: KubeObject, stage: Stage) -> KubeObject:
    """Return a Pod's status at a stage of its life."""
    old = part(pod, "status")
    uid = pod["metadata"]["uid"]
    address = f"10.244.{int(uid[:2], 16)}.{int(uid[2:4], 16) % 254 + 1}"
    network = {} if stage.mark is Mark.CREATING else {"podIP": address, "podIPs": [{"ip": address}]}
    return {
        "phase": _PHASES.get(stage.mark, "Running"),
        "conditions": _conditions(old, stage.mark),
        "hostIP": _HOST_ADDRESS,
        "hostIPs": [{"ip": _HOST_ADDRESS}],
        **network,
        "startTime": old.get("startTime") or now_text(),
        "qosClass": old.get("qosClass", "BestEffort"),
        **_container_statuses(pod, old, stage),
    }


def _conditions(old: KubeObject, mark: Mark) -> list[KubeObject]:
    ready = mark is Mark.RUNNING
    unready = {} if ready else {"reason": _REASONS.get(mark, "ContainersNotReady")}
    conditions = objects(old, "conditions")
    for name, holds, why in (
        ("PodReadyToStartContainers", mark is not Mark.CREATING, {}),
        ("Initialized", True, {"reason": "PodCompleted"} if mark is Mark.SUCCEEDED else {}),
        ("Ready", ready, unready),
        ("ContainersReady", ready, unready),
        ("PodScheduled", True, {}),
    ):
        conditions = with_condition(conditions, {"type": name, "status": "True" if holds else "False", **why})
    return conditions


def _container_statuses(pod: KubeObject, old: KubeObject, stage: Stage) -> KubeObject:
    """Return the statuses of all containers; init containers have ended once the Pod is created."""
    done = stage if stage.mark in {Mark.CREATING, Mark.CONFIG_ERROR} else Stage(mark=Mark.SUCCEEDED)
    shown: KubeObject = {}
    for field, containers, reached in (
        ("initContainerStatuses", objects(pod, "spec", "initContainers"), done),
        ("containerStatuses", objects(pod, "spec", "containers"), stage),
    ):
        known = {status.get("name"): status for status in objects(old, field)}
        if containers:
            uid = pod["metadata"]["uid"]
            shown[field] = [_container_status(c, uid, reached, known.get(c.get("name"))) for c in containers]
    return shown


def _container_status(
    container: KubeObject, pod_uid: str, stage: Stage, old: KubeObject | None
) -> KubeObject:
    name, image = str(container.get("name")), str(container.get("image"))
    identity = hashlib.sha256(f"{pod_uid} {name}".encode()).hexdigest()
    creating = stage.mark in {Mark.CREATING, Mark.CONFIG_ERROR}
    state, last = _states(stage, identity, old)
    return {
        "name": name,
        "state": state,
        "lastState": last,
        "ready": stage.mark is Mark.RUNNING,
        "restartCount": stage.restarts,
        "image": image,
        "imageID": ""
        if creating
        else f"{image.split('@', maxsplit=1)[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}",
        **({} if creating else {"containerID": f"containerd://{identity}"}),
        "started": stage.mark in {Mark.RUNNING, Mark.UNREADY},
    }


def _states(stage: Stage, identity: str, old: KubeObject | None) -> tuple[KubeObject, KubeObject]:
    """Return a container's present and last state."""
    running = dig(old, "state", "running") or {"startedAt": now_text()}
    ended = dig(old, "state", "terminated") or dig(old, "lastState", "terminated")
    code = stage.exit_code
    match stage.mark:
        case Mark.CREATING:
            return {"waiting": {"reason": "ContainerCreating"}}, {}
        case Mark.CONFIG_ERROR:
            return {"waiting": {"reason": "CreateContainerConfigError", "message": stage.message}}, {}
        case Mark.RUNNING | Mark.UNREADY:
            return {"running": running}, {}
        case Mark.CRASHED:
            told = "back-off restarting failed container"
            last = ended or _terminated(identity, code, running)
            return {"waiting": {"reason": "CrashLoopBackOff", "message": told}}, {"terminated": last}
        case Mark.SUCCEEDED | Mark.FAILED:
            return {"terminated": ended or _terminated(identity, code, running)}, {}


def _terminated(identity: str, code: int, running: KubeObject) -> KubeObject:
    return {
        "exitCode": code,
        "reason": "Completed" if code == 0 else "Error",
        "startedAt": running["startedAt"],
        "finishedAt": now_text(),
        "containerID": f"containerd://{identity}",
    }
