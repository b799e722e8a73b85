"""The repetition of a task's steps while its cluster is away: the one policy for every operation.

After a fault of the cluster the task waits, with growing pauses, until the cluster answers again, and then goes on as
after a crash: the cluster tells what was done. Meanwhile the task says in its `reason` what it waits for, and holds up
no other task.

Invariants: the task ends within its time limit plus one run of its steps; it never repeats an operation that must not
be done twice; it waits as long as the cluster asked to be left alone (Retry-After).

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from platz.backoff import Backoff
from platz.db.tables.tasks import TaskRow
from platz.errors import PlatzError
from platz.tasks.cluster_faults import ClusterFault, fault_of
from platz.tasks.context import OperationContext
from platz.tasks.progress import require_going_on, tell_progress

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PAUSES = Backoff(first=0.5, limit=15.0)

Steps = Callable[[], str]


class ClusterStayedAway(PlatzError):
    """The cluster did not answer for as long as the task could wait."""


def repeated(context: OperationContext, task: TaskRow, steps: Steps, *, again: Steps) -> str:
    """Run the steps, and ``again`` after each fault of the cluster, until they end, and return the output.

    Raises the error of the steps, or `ClusterStayedAway` with the last fault and the time that was waited.
    """
    patience = _Patience(context=context, task=task)
    step = steps
    while True:
        try:
            return patience.noted(step())
        except PlatzError as error:
            fault = fault_of(error, context, task.cluster_id)
            if fault is None:
                raise
        patience.wait(fault)
        step = again


@dataclass(kw_only=True)
class _Patience:
    """The waiting of one task; ``began`` and ``doubted_since`` are monotonic seconds."""

    context: OperationContext
    task: TaskRow
    began: float = field(default_factory=time.monotonic)
    doubted_since: float | None = None
    faults: int = 0
    waited_seconds: float = 0.0

    def noted(self, output: str) -> str:
        """Return the output with a sentence about the waiting, if there was any."""
        return "\n\n".join(part for part in (output, self._summary()) if part)

    def wait(self, fault: ClusterFault) -> None:
        """Wait until the task's cluster answers again. Raises `ClusterStayedAway` when the time is up."""
        present: ClusterFault | None = fault
        with self.context.host.waiting():
            while present is not None:
                began = time.monotonic()
                self._pause(present, began)
                present = self._present_fault()
                self.waited_seconds += time.monotonic() - began
        tell_progress(self.context, self.task, None)
        log.info("A cluster answers again", action="resume", task_id=str(self.task.id), fault=fault.reason)

    def _pause(self, fault: ClusterFault, now: float) -> None:
        self.faults += 1
        left = self._seconds_left(fault, now)
        if left <= 0:
            raise ClusterStayedAway(" ".join(part for part in (fault.reason, self._summary()) if part))
        if fault.doubts_access:
            self.context.host.doubt_access(self.task.cluster_id)
        so_far = f", {self.waited_seconds:.0f} s so far" if self.waited_seconds else ""
        tell_progress(self.context, self.task, f"Waiting for cluster {self._name()}{so_far}: {fault.reason}")
        self.context.host.sleep(min(left, max(fault.retry_after, PAUSES.after(self.faults))))
        require_going_on(self.context, self.task)

    def _seconds_left(self, fault: ClusterFault, now: float) -> float:
        """Return how long the task may go on waiting; what is doubtful is worth less than the whole limit."""
        left = self.began + self.context.helm_timeout.total_seconds() - now
        if fault.worth_seconds is None:
            self.doubted_since = None
            return left
        self.doubted_since = now if self.doubted_since is None else self.doubted_since
        return min(left, self.doubted_since + fault.worth_seconds - now)

    def _present_fault(self) -> ClusterFault | None:
        try:
            self.context.kube(self.task.cluster_id).check()
        except PlatzError as error:
            fault = fault_of(error, self.context, self.task.cluster_id)
            if fault is None:
                raise
            return fault
        return None

    def _summary(self) -> str:
        """Return how long was waited, as a sentence; empty if not at all."""
        if not self.waited_seconds:
            return ""
        return f"Platz waited {max(1, round(self.waited_seconds))} s for cluster {self._name()}."

    def _name(self) -> str:
        return self.context.kube(self.task.cluster_id).cluster
