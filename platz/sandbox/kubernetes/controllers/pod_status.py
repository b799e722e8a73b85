"""What a Pod's marks mean, and the `status` that shows each stage of its life.

Invariant: the same Pod at the same stage always gets the same status, so a loop that looks again changes nothing.
Source: Kubernetes API reference, PodStatus and ContainerStatus.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from platz.sandbox.kubernetes.controllers.loop import Timing
from platz.sandbox.kubernetes.document import KubeObject, annotation, dig, now_text, objects, with_condition

PREFIX = "sandbox.platz.io/"


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
    """What a Pod will do. ``ends_after`` None: it runs for ever."""

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
    """Read what a Pod will do from its spec, images and annotations."""
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


def pod_status(pod: KubeObject, mark: Mark, *, message: str = "", restarts: int = 0) -> KubeObject:
    """Return a Pod's status at a stage of its life."""
    old: KubeObject = dict(pod.get("status") or {})
    ready = mark is Mark.RUNNING
    conditions = objects(old, "conditions")
    unready = {} if ready else {"reason": _REASONS.get(mark, "ContainersNotReady")}
    for name, holds, why in (
        ("PodReadyToStartContainers", mark is not Mark.CREATING, {}),
        ("Initialized", True, {"reason": "PodCompleted"} if mark is Mark.SUCCEEDED else {}),
        ("Ready", ready, unready),
        ("ContainersReady", ready, unready),
        ("PodScheduled", True, {}),
    ):
        conditions = with_condition(conditions, {"type": name, "status": "True" if holds else "False", **why})
    uid = pod["metadata"]["uid"]
    address = f"10.244.{int(uid[:2], 16)}.{int(uid[2:4], 16) % 254 + 1}"
    host = {"hostIP": "172.18.0.2", "hostIPs": [{"ip": "172.18.0.2"}]}
    network = {} if mark is Mark.CREATING else {"podIP": address, "podIPs": [{"ip": address}]}
    status: KubeObject = {
        "phase": _PHASES.get(mark, "Running"),
        "conditions": conditions,
        **host,
        **network,
        "startTime": old.get("startTime") or now_text(),
        "qosClass": old.get("qosClass", "BestEffort"),
    }
    for field, part in (("initContainerStatuses", "initContainers"), ("containerStatuses", "containers")):
        statuses = [
            _container_status(container, uid, Mark.SUCCEEDED if part == "initContainers" and network else mark,
                              _previous(old, field, container), message, restarts)
            for container in objects(pod, "spec", part)
        ]  # fmt: skip
        if statuses:
            status[field] = statuses
    return status


def _previous(old: KubeObject, field: str, container: KubeObject) -> KubeObject:
    return next((status for status in objects(old, field) if status.get("name") == container.get("name")), {})


def _container_status(
    container: KubeObject, pod_uid: str, mark: Mark, old: KubeObject, message: str, restarts: int
) -> KubeObject:
    name, image = str(container.get("name")), str(container.get("image"))
    identity = hashlib.sha256(f"{pod_uid} {name}".encode()).hexdigest()
    started = mark in {Mark.RUNNING, Mark.UNREADY}
    creating = mark in {Mark.CREATING, Mark.CONFIG_ERROR}
    state, last = _states(mark, identity, old, message)
    return {
        "name": name,
        "state": state,
        "lastState": last,
        "ready": mark is Mark.RUNNING,
        "restartCount": restarts,
        "image": image,
        "imageID": ""
        if creating
        else f"{image.split('@', maxsplit=1)[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}",
        **({} if creating else {"containerID": f"containerd://{identity}"}),
        "started": started,
    }


def _states(mark: Mark, identity: str, old: KubeObject, message: str) -> tuple[KubeObject, KubeObject]:
    """Return a container's present and last state."""
    running = dig(old, "state", "running") or {"startedAt": now_text()}
    ended = dig(old, "state", "terminated") or dig(old, "lastState", "terminated")
    match mark:
        case Mark.CREATING:
            return {"waiting": {"reason": "ContainerCreating"}}, {}
        case Mark.CONFIG_ERROR:
            return {"waiting": {"reason": "CreateContainerConfigError", "message": message}}, {}
        case Mark.RUNNING | Mark.UNREADY:
            return {"running": running}, {}
        case Mark.CRASHED:
            told = "back-off restarting failed container"
            return {"waiting": {"reason": "CrashLoopBackOff", "message": told}}, {
                "terminated": ended or _terminated(identity, 1, running)
            }
        case Mark.SUCCEEDED | Mark.FAILED:
            code = 0 if mark is Mark.SUCCEEDED else 1
            return {"terminated": ended or _terminated(identity, code, running)}, {}


def _terminated(identity: str, code: int, running: KubeObject) -> KubeObject:
    return {
        "exitCode": code,
        "reason": "Completed" if code == 0 else "Error",
        "startedAt": running["startedAt"],
        "finishedAt": now_text(),
        "containerID": f"containerd://{identity}",
    }
