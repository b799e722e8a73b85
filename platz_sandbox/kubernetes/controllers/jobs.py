"""Jobs: Pods that are meant to end, until enough of them succeeded or too many failed.

Invariant: a Job ends exactly once, as `Complete` or as `Failed`, and creates no Pod after that.
Source: Kubernetes "Jobs" (completions, parallelism, back-off, deadline, suspension, clean-up).
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.backoff import EXACT, Backoff
from platz_sandbox.kubernetes.controllers.event_records import record
from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import controlled, create_pod, is_active
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    condition,
    dig,
    now_text,
    number,
    objects,
    part,
    seconds_since,
    with_condition,
)
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored
from platz_sandbox.kubernetes.writes.deleting import DeleteOptions, delete

_BY = "job-controller"
_MAX_BACKOFF_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class _Count:
    active: list[Stored]
    succeeded: int
    failed: int
    last_failure: float  # seconds ago


def _count(pods: list[Stored]) -> _Count:
    failed = [pod for pod in pods if pod.fields["status.phase"] == "Failed"]
    ages = [seconds_since(ended) for pod in failed if (ended := _finished_at(pod.document()))]
    return _Count(
        active=[pod for pod in pods if is_active(pod)],
        succeeded=sum(pod.fields["status.phase"] == "Succeeded" for pod in pods),
        failed=len(failed),
        last_failure=min(ages, default=_MAX_BACKOFF_SECONDS),
    )


def _finished_at(pod: KubeObject) -> str | None:
    ends = [
        dig(status, "state", "terminated", "finishedAt")
        for status in objects(pod, "status", "containerStatuses")
    ]
    return next((end for end in ends if end), None)


class JobLoop(Loop):
    """The control loop of Jobs."""

    resource = "jobs.batch"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Create or stop Pods as the Job needs it, and write its status."""
        if item.deleting:
            return None
        if _is_over(document):
            return self._clean_up(item, document)
        count = _count(controlled(self.cluster, item.uid, "pods"))
        status: KubeObject = {"startTime": now_text(), **part(document, "status")}
        status["uncountedTerminatedPods"] = {}
        again: float | None = None
        if dig(document, "spec", "suspend"):
            self._stop(count)
            _set(status, "Suspended", "JobSuspended", "Job suspended")
        elif not self._finish(document, status, count):
            again = self._start(document, count)
        self._show(item, document, status)
        return again

    def _finish(self, document: KubeObject, status: KubeObject, count: _Count) -> bool:
        """End the Job when it is done, failed too often or took too long; return whether it ended."""
        completions = dig(document, "spec", "completions")
        done = (
            count.succeeded >= completions
            if completions is not None
            else count.succeeded and not count.active
        )
        deadline = dig(document, "spec", "activeDeadlineSeconds")
        if done:
            for name in ("SuccessCriteriaMet", "Complete"):
                _set(status, name, "CompletionsReached", "Reached expected number of succeeded pods")
            status["completionTime"] = now_text()
            record(self.cluster, document, "Completed", "Job completed", by=_BY)
        elif count.failed > number(document, "spec", "backoffLimit", default=6):
            self._fail(
                document, status, "BackoffLimitExceeded", "Job has reached the specified backoff limit"
            )
        elif deadline is not None and seconds_since(status["startTime"]) >= deadline:
            self._fail(document, status, "DeadlineExceeded", "Job was active longer than specified deadline")
        else:
            return False
        self._stop(count)
        return True

    def _fail(self, document: KubeObject, status: KubeObject, reason: str, message: str) -> None:
        for name in ("FailureTarget", "Failed"):
            _set(status, name, reason, message)
        record(self.cluster, document, reason, message, warning=True, by=_BY)

    def _start(self, document: KubeObject, count: _Count) -> float | None:
        """Create the missing Pods, after a backoff when some failed; return the seconds until the next examination."""
        completions = dig(document, "spec", "completions")
        parallel = number(document, "spec", "parallelism", default=1)
        left = parallel if completions is None else min(parallel, completions - count.succeeded)
        deadline = dig(document, "spec", "activeDeadlineSeconds")
        again = float(deadline) - seconds_since(_started(document)) if deadline is not None else None
        missing = max(left - len(count.active), 0)
        backoff = Backoff(first=self.timing.run, limit=_MAX_BACKOFF_SECONDS, spread=EXACT)
        pause = backoff.after(count.failed) if count.failed else 0.0
        if missing and count.last_failure < pause:
            return pause - count.last_failure
        for _ in range(missing):
            pod = create_pod(self.cluster, self.kind, document)
            record(self.cluster, document, "SuccessfulCreate", f"Created pod: {pod.name}", by=_BY)
        return again

    def _stop(self, count: _Count) -> None:
        for pod in count.active:
            delete(self.cluster, built_in("pods"), pod, DeleteOptions())

    def _show(self, item: Stored, document: KubeObject, status: KubeObject) -> None:
        count = _count(controlled(self.cluster, item.uid, "pods"))
        ready = sum(pod.ready for pod in count.active)
        numbers = {"active": len(count.active), "succeeded": count.succeeded, "failed": count.failed}
        status = {key: value for key, value in status.items() if key not in numbers}
        self.save_status(document, {**status, **{k: n for k, n in numbers.items() if n}, "ready": ready,
                                          "terminating": 0})  # fmt: skip

    def _clean_up(self, item: Stored, document: KubeObject) -> float | None:
        """Delete a finished Job when its `ttlSecondsAfterFinished` are over; return the seconds until then."""
        seconds = dig(document, "spec", "ttlSecondsAfterFinished")
        if seconds is None:
            return None
        ended = next(
            c["lastTransitionTime"] for c in objects(document, "status", "conditions") if c["type"] in _OVER
        )
        remaining = float(seconds) - seconds_since(ended)
        if remaining > 0:
            return remaining
        delete(self.cluster, self.kind, item, DeleteOptions())
        return None


_OVER = ("Complete", "Failed")


def _is_over(document: KubeObject) -> bool:
    return any((condition(document, name) or {}).get("status") == "True" for name in _OVER)


def _started(document: KubeObject) -> str:
    return str(dig(document, "status", "startTime") or now_text())


def _set(status: KubeObject, name: str, reason: str, message: str) -> None:
    fresh = {"type": name, "status": "True", "reason": reason, "message": message}
    status["conditions"] = with_condition(objects(status, "conditions"), {**fresh})
