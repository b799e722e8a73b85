"""The status of a Deployment's roll-out: counts, conditions, the progress deadline.

Invariant: `observedGeneration` and the counts are of the same moment; `kubectl rollout status` and Helm rely on it.
Source: Kubernetes "Deployments": Deployment status.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.controllers.generations import Generation
from platz_sandbox.kubernetes.controllers.owned_objects import share
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    condition,
    dig,
    now_text,
    number,
    objects,
    seconds_since,
    with_condition,
)

_DEADLINE = 600
_EXCEEDED = "ProgressDeadlineExceeded"
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def deployment_status(document: KubeObject, new: Generation | None, old: list[Generation]) -> KubeObject:
    """Return the Deployment's status."""
    every = [*old, *([new] if new else [])]
    wanted = number(document, "spec", "replicas")
    counts = {
        "replicas": sum(generation.pods for generation in every),
        "updatedReplicas": new.pods if new else 0,
        "readyReplicas": sum(number(generation.document, "status", "readyReplicas") for generation in every),
        "availableReplicas": sum(generation.available for generation in every),
    }
    asked_for = sum(generation.replicas for generation in every)
    counts["unavailableReplicas"] = max(asked_for - counts["availableReplicas"], 0)
    status: KubeObject = {
        "observedGeneration": document["metadata"].get("generation", 1),
        **{name: count for name, count in counts.items() if count},
        "conditions": objects(document, "status", "conditions"),
    }
    _show_available(document, status, wanted, counts["availableReplicas"])
    _show_progress(document, status, new, complete=_is_complete(wanted, counts))
    return status


def _is_complete(wanted: int, counts: dict[str, int]) -> bool:
    return all(counts[name] == wanted for name in ("replicas", "updatedReplicas", "availableReplicas"))


def _set(status: KubeObject, new: KubeObject) -> None:
    """Set a condition; its update time moves whenever anything about it changes."""
    old = condition({"status": status}, new["type"])
    if old and all(old.get(key) == value for key, value in new.items()):
        return
    status["conditions"] = with_condition(status["conditions"], {**new, "lastUpdateTime": now_text()})


def _show_available(document: KubeObject, status: KubeObject, wanted: int, available: int) -> None:
    missing = share(dig(document, "spec", "strategy", "rollingUpdate", "maxUnavailable"), wanted, up=False)
    enough = available >= wanted - missing
    word, verb = ("Available", "has") if enough else ("Unavailable", "does not have")
    _set(status, {
        "type": "Available", "status": "True" if enough else "False", "reason": f"MinimumReplicas{word}",
        "message": f"Deployment {verb} minimum availability.",
    })  # fmt: skip


def _show_progress(
    document: KubeObject, status: KubeObject, new: Generation | None, *, complete: bool
) -> None:
    if new is None:
        told = "Deployment is paused"
        _set(
            status,
            {"type": "Progressing", "status": "Unknown", "reason": "DeploymentPaused", "message": told},
        )
        return
    called = f'ReplicaSet "{new.document["metadata"]["name"]}"'
    if complete:
        told = f"{called} has successfully progressed."
        _set(
            status,
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": told},
        )
        return
    moved = any(status.get(name) != dig(document, "status", name) for name in _COUNTS)
    known = condition({"status": status}, "Progressing")
    if known and not moved and _overdue(document, known) <= 0:
        told = f"{called} has timed out progressing."
        _set(status, {"type": "Progressing", "status": "False", "reason": _EXCEEDED, "message": told})
    elif known is None or moved or known.get("reason") == "NewReplicaSetAvailable":
        told = f"{called} is progressing."
        fresh = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": told}
        status["conditions"] = with_condition(status["conditions"], {**fresh, "lastUpdateTime": now_text()})


def _overdue(document: KubeObject, progressing: KubeObject) -> float:
    """Return the seconds left until the progress deadline, negative after it."""
    deadline = number(document, "spec", "progressDeadlineSeconds", default=_DEADLINE)
    return deadline - seconds_since(progressing.get("lastUpdateTime") or now_text())


def remaining_progress_seconds(document: KubeObject, status: KubeObject) -> float | None:
    """Return the seconds until the progress deadline must be checked, or None when no roll-out is under way."""
    known = condition({"status": status}, "Progressing")
    if known is None or known.get("reason") != "ReplicaSetUpdated":
        return None
    return max(_overdue(document, known), 0.0) + 0.1
