"""The execution of a claimed task, and the resumption of a task that another runner began.

Invariants:

- every task ends as `Done` or `Failed` with a text, unless this process must let go of it: then it stays `Started`
  for the next owner of the cluster, which calls `resume`;
- a failure of Install, Upgrade, Reinstall or Recreate sets the deployment's status to `Error` with the reason, so
  that the status does not stay a transitional one;
- the loss of the database or of the cluster's lease interrupts a task, but never decides its outcome; nothing is
  written about a task that may be another runner's by now;
- nothing is done for a deployment that is being deleted but its removal: every other task is `Canceled`;
- a task that somebody asked to stop is `Canceled` with what it had applied, and its release is left as the next task
  can use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from platz import metrics
from platz.access.scheduled_rights import ChartAction, require_present_right
from platz.db import task_queue
from platz.db.enums import TaskStatus
from platz.db.storable import storable
from platz.db.tables import deployments, task_waits, tasks
from platz.db.tables.tasks import TaskRow
from platz.db.task_queue import WhyStop
from platz.db.unreachable import DatabaseUnavailable
from platz.errors import PlatzError, Rejected
from platz.helm.report import bounded
from platz.kube.errors import KubeAborted
from platz.tasks import releases
from platz.tasks.context import ClusterNotServed, Interrupted, OperationContext
from platz.tasks.failures import show_failure
from platz.tasks.operation_kinds import OPERATION_KINDS, Needs, OperationKind
from platz.tasks.operations import InvokeAction, from_json
from platz.tasks.recovery import RecoveryAction, inspect_interrupted_task
from platz.tasks.repetition import repeated

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OVERTAKEN = "Platz stopped this task because the deployment is being deleted. Its removal clears up what the task left."
OVERTAKEN_BEFORE = "This task was not begun because the deployment is being deleted."
STOPPED = "This task was stopped on request."
STOPPED_BETWEEN = "What it had done by then stays; a retry does all of it again."
MAX_OUTPUT_CHARACTERS = 20_000
MAX_REASON_CHARACTERS = 8_000
"""Helm reports a failure in nested templates once for each level, so the text is cut in the middle."""


@dataclass(frozen=True, kw_only=True)
class _End:
    """The end of a task: its status, its output or the reason of its failure, and why it was stopped, if it was."""

    status: TaskStatus
    words: str
    why: WhyStop | None = None


class EndNotWritten(DatabaseUnavailable):
    """The task has ended, and the database went away before that was written."""

    def __init__(self, write: Callable[[], None]) -> None:
        super().__init__()
        self._write = write

    def write_again(self, _context: OperationContext, _task: TaskRow) -> None:
        """Write the end once more, instead of calling `resume`; raise `EndNotWritten` when that fails again."""
        _written(self._write)


def _refuse_unknown(task: TaskRow) -> str:
    """Raise `Rejected` for an operation that Platz does not know or can't read."""
    from_json(task.operation)
    raise Rejected("Platz does not know this operation.", field="operation")


def execute(context: OperationContext, task: TaskRow) -> None:
    """Run a task that was just claimed; raise `Interrupted` or `DatabaseUnavailable` when it must stay `Started`.

    Raises `EndNotWritten` when the task has ended and only its end could not be written.
    """
    kind = OPERATION_KINDS.get(task.operation_name)
    why = _why_stop(context, task)
    if why is not None:
        _stop(context, task, kind, why, overtaken=OVERTAKEN_BEFORE)
    elif kind is None:
        _conclude(context, task, None, lambda: _refuse_unknown(task))
    else:
        _show(context, task, kind)
        _conclude(context, task, kind, lambda: _run_steps(context, task, kind))


def resume(context: OperationContext, task: TaskRow) -> None:
    """Resume a task that was left `Started`: find out in the cluster what happened to it, then act on that.

    A task that is no longer `Started` is left alone: its end was written although the writer saw an error.
    """
    with context.database.reading() as connection:
        present = tasks.get(connection, task.id)
    if present is None or (present.status, present.claimed_by) != (TaskStatus.STARTED, task.claimed_by):
        return
    kind = OPERATION_KINDS.get(task.operation_name)
    why = _why_stop(context, task)
    if why is not None:
        _stop(context, task, kind, why, overtaken=OVERTAKEN)
    elif kind is None:
        _conclude(context, task, None, lambda: _refuse_unknown(task))
    else:
        _conclude(context, task, kind, lambda: _resume_steps(context, task, kind))


def _run_steps(context: OperationContext, task: TaskRow, kind: OperationKind) -> str:
    _require_present_right(context, task, kind)
    if not kind.may_be_repeated:
        return kind.steps(context, task)
    return repeated(
        context, task, lambda: kind.steps(context, task), again=lambda: _go_on(context, task, kind)
    )


def _require_present_right(context: OperationContext, task: TaskRow, kind: OperationKind) -> None:
    """Raise `SchedulerMayNot` for a task that was requested for later, and whose creator has lost the right to it."""
    if kind.needs is Needs.CHANGE or task.execute_at <= task.created_at:
        return
    operation, action = from_json(task.operation), None
    if isinstance(operation, InvokeAction):
        action = ChartAction(chart_id=operation.helm_chart_id, action_id=operation.action_id)
    with context.database.reading() as connection:
        require_present_right(connection, task.creator, task.deployment_id, action)


def _resume_steps(context: OperationContext, task: TaskRow, kind: OperationKind) -> str:
    go_on = partial(_go_on, context, task, kind)
    return repeated(context, task, go_on, again=go_on) if kind.may_be_repeated else go_on()


def _why_stop(context: OperationContext, task: TaskRow) -> WhyStop | None:
    with context.database.reading() as connection:
        return task_queue.why_stop(connection, task)


def _stop(
    context: OperationContext, task: TaskRow, kind: OperationKind | None, why: WhyStop, *, overtaken: str
) -> None:
    """End a task that must not go on, and whose Helm is gone.

    What it left is for the Uninstall to remove if the deployment is being deleted, else for the next task to go on
    from.
    """
    if why is WhyStop.DELETION or kind is None:
        _conclude(context, task, None, lambda: _End(status=TaskStatus.CANCELED, words=overtaken, why=why))
    else:
        _conclude(context, task, kind, lambda: _stopped(context, task, kind))


def _stopped(context: OperationContext, task: TaskRow, kind: OperationKind) -> str | _End:
    """Return the end of a task that was asked to stop; it is `Done` if Helm had finished before."""
    if not kind.is_release:
        return _End(status=TaskStatus.CANCELED, words=f"{STOPPED} {STOPPED_BETWEEN}", why=WhyStop.REQUEST)
    try:
        if inspect_interrupted_task(context, task, kind) is RecoveryAction.FINISHED:
            releases.record_release(context, task)
            return releases.HAD_FINISHED
        applied = releases.stop(context, task)
    except (Interrupted, DatabaseUnavailable):
        raise
    except PlatzError as error:
        if _is_taken_away(context, task, error):
            raise Interrupted from error
        applied = f"What it had applied is not known: {error.message} The next task goes on from there."
    return _End(status=TaskStatus.CANCELED, words=f"{STOPPED} {applied}", why=WhyStop.REQUEST)


def _go_on(context: OperationContext, task: TaskRow, kind: OperationKind) -> str:
    finding = inspect_interrupted_task(context, task, kind)
    log.info("Resuming a task", action="resume", task_id=str(task.id), finding=finding.value)
    match finding:
        case RecoveryAction.FINISHED:
            releases.record_release(context, task)
            return releases.HAD_FINISHED
        case RecoveryAction.NOT_REPEATABLE:
            raise PlatzError(
                "Platz was interrupted while this action was being sent. It may or may not have been carried out;"
                " look at the deployment before you repeat it."
            )
        case RecoveryAction.REPEATABLE:
            _show(context, task, kind)
            return kind.steps(context, task)


def _show(context: OperationContext, task: TaskRow, kind: OperationKind) -> None:
    """Set the deployment's status to the one that the operation shows while it runs, if any."""
    if kind.status is not None:
        with context.changing(task) as connection:
            deployments.set_status(connection, task.deployment_id, kind.status)


def _conclude(
    context: OperationContext, task: TaskRow, kind: OperationKind | None, run: Callable[[], str | _End]
) -> None:
    began = time.monotonic()
    end = _run(context, task, run)
    took = time.monotonic() - began

    def write() -> None:
        _write_end(context, task, kind, end)
        _tell_end(task, end, took)

    _written(write)


def _written(write: Callable[[], None]) -> None:
    try:
        write()
    except DatabaseUnavailable as error:
        raise EndNotWritten(write) from error


def _run(context: OperationContext, task: TaskRow, run: Callable[[], str | _End]) -> _End:
    try:
        end = run()
        if isinstance(end, _End):
            return end
        return _End(status=TaskStatus.DONE, words=bounded(end, MAX_OUTPUT_CHARACTERS))
    except (Interrupted, DatabaseUnavailable):
        raise
    except PlatzError as error:
        if _is_taken_away(context, task, error):
            raise Interrupted from error
        return _failure(error.message)
    except Exception:  # a defect of Platz must not leave a task without an end; the log has the trace
        log.exception("A task failed for a reason nobody foresaw", action="fail", task_id=str(task.id))
        return _failure(f"An internal error of Platz stopped this task ({task.id}); its log says more.")


def _failure(reason: str) -> _End:
    return _End(status=TaskStatus.FAILED, words=storable(bounded(reason, MAX_REASON_CHARACTERS)))


def _is_taken_away(context: OperationContext, task: TaskRow, error: PlatzError) -> bool:
    """Return whether this process has lost the task's cluster; then the error says nothing about the task."""
    if isinstance(error, KubeAborted):
        return True
    try:
        context.kube(task.cluster_id)
    except ClusterNotServed:
        return True
    return False


def _write_end(context: OperationContext, task: TaskRow, kind: OperationKind | None, end: _End) -> None:
    """Write how the task ended, unless that is already written or another runner has taken the task over."""
    with context.changing(task) as connection:
        if end.why is WhyStop.DELETION:
            task_queue.mark_overtaken(connection, task.id, context.claim, end.words)
        else:
            task_queue.mark_ended(connection, task.id, context.claim, end.status, end.words)
        if end.why is WhyStop.DELETION:
            task_waits.end_what_waits(connection, [task.id], end.words)
        elif end.status is not TaskStatus.DONE:
            show_failure(connection, task, kind, end.words)


def _tell_end(task: TaskRow, end: _End, seconds: float) -> None:
    if end.status is TaskStatus.FAILED:
        log.warning("A task failed", action="fail", task_id=str(task.id), reason=end.words[:300])
    metrics.tasks_finished.labels(task.operation_name, end.status.value).inc()
    metrics.task_seconds.labels(task.operation_name).observe(seconds)
    log.info(
        "A task ended",
        action="finish",
        task_id=str(task.id),
        deployment_id=str(task.deployment_id),
        operation=task.operation_name,
        status=end.status.value,
        seconds=round(seconds, 2),
    )
