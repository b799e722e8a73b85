"""The deployment runner: it runs the tasks of one cluster.

owns   the cluster's task queue, the threads that run its tasks, and their Helm child processes; and the clearing of
       what deployments left behind in the cluster
hears  `TasksAdded`, `TaskFinished` and `ReachabilityChanged` of its cluster, `SlotFree`, `Drain`
tells  `TaskFinished`, `AccessDoubted`
never  runs two tasks of one deployment at once, or a task that it has not claimed in the database

A successor of this actor, in this process or another, finds the tasks that are `Started` and resumes them
(`platz.tasks.execution.resume`). Each claim carries an id that belongs to one runner, so anything that a
predecessor's thread still writes about its tasks has no effect.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from typing_extensions import override

from platz import metrics
from platz.actors.actor import BACKOFF, Actor, ActorContext
from platz.actors.concurrency_limit import ConcurrencyLimit
from platz.actors.event_bus import tell
from platz.actors.messages import Drain, ReachabilityChanged, SlotFree, TaskFinished, TasksAdded, Tick
from platz.actors.runner_host import RunnerHost
from platz.actors.timers import Timer
from platz.db import task_queue
from platz.db.tables.lease_rows import Lease
from platz.db.tables.tasks import TaskRow
from platz.db.task_queue import Claim, ClaimId
from platz.db.unreachable import DatabaseUnavailable
from platz.identities import ClusterId, TaskId
from platz.kube.reachability import Reachability
from platz.tasks import execution
from platz.tasks.clearing import clear_cluster
from platz.tasks.context import Interrupted, OperationContext

LOOK_SECONDS = 30.0
SILENCE_SECONDS = 15.0
"""How long a cluster may be silent before the Helm child processes that work on it are stopped."""
SILENCE = Tick(name="silence")
Step = Callable[[OperationContext, TaskRow], None]


@dataclass(frozen=True, kw_only=True)
class RunnerCluster:
    """The cluster of a runner, and the lease that lets this process run its tasks.

    ``stop_helm`` kills the Helm child processes of the given owner (a claim, a task) and waits until they are gone;
    ``count_helm_apart`` tells whether they count among those that may run at once.
    """

    id: ClusterId
    name: str
    lease: Lease
    stop_helm: Callable[[str], object]
    count_helm_apart: Callable[[str, bool], object] = lambda _owner, _apart: None


@dataclass(frozen=True, kw_only=True)
class LeftCleared:
    """The attempt to clear what deployments left behind in the cluster has ended."""


class DeploymentRunner(Actor):
    """An actor that claims the due tasks of its cluster and runs them."""

    hears = frozenset({TasksAdded, TaskFinished, ReachabilityChanged, Drain})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        cluster: RunnerCluster,
        context_of: Callable[..., OperationContext],
        task_limit: ConcurrencyLimit,
        max_concurrent_tasks: int,
    ) -> None:
        """Take ``context_of``, which returns the context of a claim (``claim=``), and ``task_limit``, which all runners
        of the process share; ``max_concurrent_tasks`` is for this cluster.
        """
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self.log = self.log.bind(cluster=cluster.name)
        self._cluster_id = self.hears_of_cluster = cluster.id
        self._claim_of_this = Claim(id=ClaimId(uuid4()), lease=cluster.lease)
        self._slots = task_limit.share()
        self._host = RunnerHost(self._slots, self.publish)
        self._context = context_of(claim=self._claim_of_this, host=self._host)
        self._database = self._context.database
        self._cluster = cluster
        self._max_concurrent_tasks = max_concurrent_tasks
        self._threads = ThreadPoolExecutor(max_concurrent_tasks, thread_name_prefix=f"task-{cluster.name}")
        self._clearing_thread = ThreadPoolExecutor(1, thread_name_prefix=f"left-{cluster.name}")
        self._clearing = False
        self._running: set[TaskId] = set()
        self._work: set[Future[None]] = set()
        self._silence: Timer | None = None
        self._drain_until: float | None = None
        self._next_due: Timer | None = None

    @override
    def on_started(self) -> None:
        self.every(Tick(name="look"), seconds=LOOK_SECONDS)

    @override
    def catch_up(self) -> None:
        if self._drain_until is None:
            self._resume_orphans()
            self._begin_clearing()
        self._stop_what_must_not_go_on()
        self._claim()

    @override
    def handle(self, message: object) -> None:
        match message:
            case TaskFinished(task_id=task_id):
                self._running.discard(task_id)
                self._claim()
            case TasksAdded():
                self._stop_what_must_not_go_on()
                self._claim()
            case SlotFree():
                self._claim()
            case ReachabilityChanged(state=state):
                self._reachability_changed(state)
            case Tick(name=SILENCE.name):
                self._stop_helm(because_silent=True)
            case Tick():
                self.catch_up()
            case LeftCleared():
                self._clearing = False
            case Drain(until=until):
                self._drain_until = until
            case _:
                super().handle(message)

    @override
    def on_stopped(self) -> None:
        """Wait for running tasks until the deadline of `Drain`; the rest stay `Started` for a successor."""
        if self._drain_until is not None:
            wait(self._work, timeout=max(0.0, self._drain_until - time.monotonic()))
        self._host.let_go()
        self._stop_helm(because_silent=False)
        self._cluster.count_helm_apart(self._context.owner, False)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._clearing_thread.shutdown(wait=True, cancel_futures=True)

    @override
    def describe(self) -> str:
        return f"{len(self._running)} tasks are running"

    def _reachability_changed(self, state: Reachability) -> None:
        """Count the cluster's tasks apart while it does not answer; stop its Helm runs if it stays silent."""
        apart = state is not Reachability.ANSWERING
        self._slots.set_apart(apart)
        self._cluster.count_helm_apart(self._context.owner, apart)
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if state is Reachability.SILENT:
            self._silence = self.after(SILENCE, seconds=SILENCE_SECONDS)
        else:
            self._host.cluster_is_silent(False)

    def _stop_helm(self, *, because_silent: bool) -> None:
        self._host.cluster_is_silent(because_silent)
        self._cluster.stop_helm(self._context.owner)

    def _resume_orphans(self) -> None:
        """Take over the tasks that are `Started` but do not run here.

        This process holds the cluster's lease, so no other process runs them. A predecessor of this actor in this
        process may, so its Helm is stopped first. Others are tasks that this runner claimed without learning it,
        because the connection to the database failed after the claim.
        """
        claim = self._claim_of_this
        with self._database.transaction() as connection:
            left = [
                task
                for task in task_queue.started_tasks(connection, self._cluster_id)
                if task.id not in self._running
            ]
            for former in {task.claimed_by for task in left} - {claim.id, None}:
                self._cluster.stop_helm(str(former))
            orphans = [
                replace(task, claimed_by=claim.id)
                for task in left
                if task_queue.take_over(connection, task.id, claim=claim, formerly=task.claimed_by)
            ]
        self._slots.force_acquire(len(orphans))
        for task in orphans:
            self._start(task, execution.resume)

    def _begin_clearing(self) -> None:
        """Start to clear what deployments left behind in this cluster, unless that is still under way."""
        if not self._clearing:
            self._clearing = True
            self.submit(self._clearing_thread, self._clear_left)

    def _clear_left(self) -> None:
        try:
            clear_cluster(self._context, self._cluster_id)
        except (Interrupted, DatabaseUnavailable) as error:
            self.log.info("Stopped to clear left namespaces", action="wait", reason=error.message)
        finally:
            self.tell_self(LeftCleared())

    def _stop_what_must_not_go_on(self) -> None:
        """Stop Helm for running tasks that somebody wants to stop, or whose deployments are being deleted.

        Their threads then end the tasks.
        """
        if not self._running:
            return
        with self._database.reading() as connection:
            to_stop = task_queue.tasks_to_stop(connection, self._claim_of_this)
        for task_id in to_stop:
            self._cluster.stop_helm(str(task_id))
        if to_stop:
            self._host.wake_sleepers()

    def _claim(self) -> None:
        """Count the due tasks, take slots for only as many, and claim them, so that no slot is held without work."""
        if self._drain_until is not None:
            return
        room = max(0, self._max_concurrent_tasks - len(self._running))
        with self._database.reading() as connection:
            outlook = task_queue.outlook(connection, self._cluster_id, most=room)
        taken = self._slots.acquire(outlook.due, wake=self._wake)
        if taken:
            self._claim_up_to(taken)
        self._plan_next_look(outlook.next_seconds)

    def _claim_up_to(self, taken: int) -> None:
        committed: list[TaskRow] = []
        try:
            with self._database.transaction() as connection:
                claimed = task_queue.claim(
                    connection, cluster_id=self._cluster_id, claim=self._claim_of_this, most=taken
                )
            committed = claimed
        finally:
            self._slots.release(taken - len(committed))
        for task in committed:
            self._start(task, execution.execute)

    def _plan_next_look(self, seconds: float | None) -> None:
        if self._next_due is not None:
            self._next_due.cancel()
        self._next_due = None if seconds is None else self.after(Tick(name="due"), seconds=seconds + 0.01)

    def _wake(self) -> bool:
        return tell(self.actor_ref, SlotFree())

    def _start(self, task: TaskRow, step: Step) -> None:
        self._running.add(task.id)
        metrics.task_wait_seconds.observe(_waited(task))
        self.log.info(
            "Starting a task",
            action="start",
            task_id=str(task.id),
            deployment_id=str(task.deployment_id),
            operation=task.operation_name,
        )
        work = self.submit(self._threads, self._run, task, step)
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    def _run(self, task: TaskRow, step: Step) -> None:
        try:
            with metrics.tasks_running.track_inprogress():
                self._run_to_the_end(task, step)
        except Interrupted as interruption:
            self.log.warning(
                "Let go of a task", action="release", task_id=str(task.id), reason=interruption.message
            )
        finally:
            self._slots.release(1)
            self.publish(TaskFinished(task_id=task.id, cluster_id=self._cluster_id))

    def _run_to_the_end(self, task: TaskRow, step: Step) -> None:
        """Run the task; after an interruption, resume it with backoff until it has ended or must be let go.

        Raises `Interrupted` when this runner lets go of the task.
        """
        failures = 0
        while not self._host.lets_go:
            try:
                return step(self._context, task)
            except execution.EndNotWritten as error:
                self.log.warning(
                    "A task's end could not be written",
                    action="wait",
                    task_id=str(task.id),
                    reason=error.message,
                )
                step = error.write_again
            except (DatabaseUnavailable, Interrupted) as error:
                self.log.warning(
                    "A task was interrupted", action="wait", task_id=str(task.id), reason=error.message
                )
                step = execution.resume
            failures += 1
            self._host.pause(BACKOFF.after(failures))
        raise Interrupted


def _waited(task: TaskRow) -> float:
    """Return the seconds between the time when a task was due and its first start."""
    started = task.first_attempted_at or datetime.now(UTC)
    return max(0.0, (started - task.execute_at).total_seconds())
