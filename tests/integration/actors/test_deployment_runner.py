"""The runner: claims what is due, in order, within its limits, and goes on with what others left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pykka
import pytest
from claims import bare_context, new_claim, new_lease, present_lease
from sqlalchemy import Connection, event, text
from waiting import eventually

from platz.actors import deployment_runner
from platz.actors.actor import ActorContext
from platz.actors.concurrency_limit import ConcurrencyLimit
from platz.actors.deployment_runner import LOOK_SECONDS, DeploymentRunner, RunnerCluster
from platz.actors.messages import Drain, ReachabilityChanged, TasksAdded
from platz.actors.runner_host import RunnerHost
from platz.changes.deployments import delete_deployment
from platz.changes.queueing import queue_operations
from platz.changes.task_stops import stop_task
from platz.db import task_queue
from platz.db.database import Database
from platz.db.enums import TaskStatus
from platz.db.tables import deployments, task_waits
from platz.db.tables.tasks import TaskRow
from platz.db.unreachable import DatabaseUnavailable
from platz.identities import DeploymentId
from platz.kube.reachability import Reachability
from platz.tasks import execution
from platz.tasks.context import OperationContext
from platz.tasks.operations import Reinstall
from tests.integration.changes.world import World

Work = Callable[[TaskRow], None]


@dataclass
class Steps:
    """Stands in for `platz.tasks.execution`: remembers what was run, and does what the test says."""

    database: Database
    executed: list[UUID] = field(default_factory=list)
    resumed: list[UUID] = field(default_factory=list)
    running: Counter[UUID] = field(default_factory=Counter)
    most_at_once: int = 0
    work: Work = lambda _task: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def execute(self, context: OperationContext, task: TaskRow) -> None:
        self.executed.append(task.id)
        self._run(context, task)

    def resume(self, context: OperationContext, task: TaskRow) -> None:
        self.resumed.append(task.id)
        self._run(context, task)

    def _run(self, context: OperationContext, task: TaskRow) -> None:
        with self.lock:
            self.running[task.deployment_id] += 1
            assert self.running[task.deployment_id] == 1, "two tasks of one deployment at once"
            self.most_at_once = max(self.most_at_once, self.running.total())
        try:
            self.work(task)
        finally:
            with self.lock:
                self.running[task.deployment_id] -= 1
        with self.database.transaction() as connection:
            task_queue.mark_ended(connection, task.id, context.claim, TaskStatus.DONE, "")


@pytest.fixture
def steps(database: Database, monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps = Steps(database)
    monkeypatch.setattr(execution, "execute", steps.execute)
    monkeypatch.setattr(execution, "resume", steps.resume)
    return steps


@pytest.fixture
def run(actor_context: ActorContext, world: World) -> Callable[..., pykka.ActorRef[DeploymentRunner]]:
    def start(*, most: int = 4, slots: int = 8, stop_helm: Callable[[str], Any] = lambda _owner: None) -> Any:
        lease = present_lease(world.database)
        cluster = RunnerCluster(id=world.cluster, name="blue", lease=lease, stop_helm=stop_helm)
        options = {
            "cluster": cluster,
            "context_of": partial(bare_context, world.database),
            "task_limit": ConcurrencyLimit(slots),
            "max_concurrent_tasks": most,
        }
        ref = DeploymentRunner.start(name="runner", generation=0, actor_context=actor_context, **options)
        assert not actor_context.actor_registry.wait_until_ready(["runner"], seconds=10)
        return ref

    return start


def statuses(world: World, deployment_id: DeploymentId) -> list[str]:
    return [task.status.value for task in world.tasks(deployment_id, pending=False)]


def started_by_somebody_else(world: World, deployment_id: DeploymentId) -> UUID:
    with world.database.transaction() as connection:
        (task,) = task_queue.claim(
            connection, cluster_id=world.cluster, claim=new_claim(world.database), most=1
        )
    assert task.deployment_id == deployment_id
    return task.id


def test_a_task_that_is_queued_is_run_at_once(run: Any, steps: Steps, world: World) -> None:
    run()
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert len(steps.executed) == 1


def test_what_was_queued_before_the_start_is_run_in_order(run: Any, steps: Steps, world: World) -> None:
    deployment = world.create("blue")
    world.update(deployment, config={"a": 1})
    world.update(deployment, config={"a": 2})
    run()
    eventually(lambda: statuses(world, deployment) == ["Done"] * 3)
    assert steps.executed == [task.id for task in world.tasks(deployment, pending=False)]


def test_a_runner_runs_as_many_tasks_at_once_as_it_may(run: Any, steps: Steps, world: World) -> None:
    gate = threading.Barrier(3)
    steps.work = lambda _task: gate.wait(20) and None
    deployments = [world.create(f"d{number}") for number in range(6)]
    run(most=3)
    eventually(lambda: all(statuses(world, each) == ["Done"] for each in deployments))
    assert steps.most_at_once == 3


def test_the_process_has_a_limit_of_its_own(run: Any, steps: Steps, world: World) -> None:
    deployments = [world.create(f"d{number}") for number in range(5)]
    run(most=4, slots=1)
    eventually(lambda: all(statuses(world, each) == ["Done"] for each in deployments))
    assert steps.most_at_once == 1


def test_a_scheduled_task_is_run_when_its_time_comes(run: Any, steps: Steps, world: World) -> None:
    deployment = world.create("blue")
    with world.database.transaction() as connection:
        connection.execute(
            text("update deployment_tasks set execute_at = clock_timestamp() + interval '0.7 seconds'")
        )
    run()
    assert statuses(world, deployment) == ["Pending"]
    eventually(lambda: statuses(world, deployment) == ["Done"], seconds=5)
    with world.database.reading() as connection:
        early = connection.scalar(text("select count(*) from deployment_tasks where started_at < execute_at"))
    assert early == 0


def test_a_task_that_somebody_left_started_is_resumed_under_a_new_claim(
    run: Any, steps: Steps, world: World
) -> None:
    deployment = world.create("blue")
    orphan = started_by_somebody_else(world, deployment)
    run()
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert (steps.resumed, steps.executed) == ([orphan], [])


@pytest.mark.parametrize("interruption", [DatabaseUnavailable, execution.Interrupted])
def test_an_interruption_that_is_over_makes_the_task_go_on_later(
    interruption: type[Exception], run: Any, steps: Steps, world: World
) -> None:
    away = threading.Event()

    def once_away(_task: TaskRow) -> None:
        if not away.is_set():
            away.set()
            raise interruption

    steps.work = once_away
    run()
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert len(steps.executed) == 1
    assert steps.resumed == steps.executed


def test_a_claim_whose_answer_was_lost_is_taken_up_again(
    run: Any, steps: Steps, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = task_queue.claim

    def claim_without_answer(connection: Connection, **arguments: Any) -> list[TaskRow]:
        if not answered(connection, **arguments):
            return []
        monkeypatch.setattr(task_queue, "claim", answered)
        connection.commit()
        raise DatabaseUnavailable

    monkeypatch.setattr(task_queue, "claim", claim_without_answer)
    run()
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert (len(steps.resumed), steps.executed) == (1, [])


def test_a_claim_that_is_not_committed_holds_no_slot(
    run: Any, steps: Steps, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = task_queue.claim

    def away(_connection: Connection) -> None:
        raise DatabaseUnavailable

    def claim_before_the_database_goes_away(connection: Connection, **arguments: Any) -> list[TaskRow]:
        claimed = answered(connection, **arguments)
        if claimed:
            monkeypatch.setattr(task_queue, "claim", answered)
            event.listen(connection, "commit", away)
        return claimed

    monkeypatch.setattr(task_queue, "claim", claim_before_the_database_goes_away)
    run(slots=1)
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert len(steps.executed) == 1


def test_a_drained_runner_claims_nothing_and_lets_what_runs_finish(
    run: Any, steps: Steps, world: World, actor_context: ActorContext
) -> None:
    gate = threading.Event()
    steps.work = lambda _task: gate.wait(20) and None
    ref = run()
    first = world.create("first")
    eventually(lambda: statuses(world, first) == ["Started"])
    actor_context.event_bus.publish(Drain(until=time.monotonic() + 20))
    second = world.create("second")
    threading.Timer(0.3, gate.set).start()
    ref.stop(timeout=20)
    assert statuses(world, first) == ["Done"]
    assert statuses(world, second) == ["Pending"]


def test_a_runner_that_must_let_go_leaves_its_task_started_for_the_next_owner(
    run: Any, steps: Steps, world: World
) -> None:
    stopped = threading.Event()

    def until_helm_is_killed(_task: TaskRow) -> None:
        assert stopped.wait(20)
        raise execution.Interrupted

    steps.work = until_helm_is_killed
    ref = run(stop_helm=lambda _owner: stopped.set())
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Started"])
    ref.stop(timeout=10)
    assert statuses(world, deployment) == [TaskStatus.STARTED.value]
    steps.work = lambda _task: None
    run()
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert steps.resumed == steps.executed


def test_a_deletion_stops_helm_for_the_running_task_and_the_removal_follows(
    run: Any, steps: Steps, world: World
) -> None:
    stopped: list[str] = []
    helm_is_gone = threading.Event()

    def stop_helm(owner: str) -> None:
        stopped.append(owner)
        helm_is_gone.set()

    def until_stopped(task: TaskRow) -> None:
        if task.operation_name == "Install":
            assert helm_is_gone.wait(20)

    steps.work = until_stopped
    run(stop_helm=stop_helm)
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Started"])
    world.do(delete_deployment, world.admin, deployment)
    eventually(lambda: statuses(world, deployment) == ["Done", "Done"])
    assert stopped == [str(world.tasks(deployment, pending=False)[0].id)]


def test_a_request_to_stop_ends_helm_and_the_pauses_of_the_running_task(
    run: Any, steps: Steps, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    helm_is_gone, woken = threading.Event(), threading.Event()
    monkeypatch.setattr(RunnerHost, "wake_sleepers", lambda _host: woken.set())
    steps.work = lambda _task: assert_set(helm_is_gone)
    stopped: list[str] = []

    def stop_helm(owner: str) -> None:
        stopped.append(owner)
        helm_is_gone.set()

    run(stop_helm=stop_helm)
    deployment = world.create("blue")
    eventually(lambda: statuses(world, deployment) == ["Started"])
    task = world.tasks(deployment, pending=False)[0].id
    with world.served(world.cluster):
        world.do(stop_task, world.admin, task, None)
    eventually(lambda: statuses(world, deployment) != ["Started"])
    assert stopped == [str(task)]
    assert woken.is_set()


def assert_set(event: threading.Event) -> None:
    assert event.wait(20)


def test_before_a_task_is_resumed_the_helm_of_a_predecessor_is_gone(
    run: Any, steps: Steps, world: World
) -> None:
    deployment = world.create("blue")
    started_by_somebody_else(world, deployment)
    former = world.tasks(deployment, pending=False)[0].claimed_by
    stopped: list[str] = []
    steps.work = lambda _task: stopped.append("resumed")
    run(stop_helm=stopped.append)
    eventually(lambda: statuses(world, deployment) == ["Done"])
    assert stopped[:2] == [str(former), "resumed"]


def test_a_runner_whose_lease_has_changed_hands_claims_nothing(run: Any, steps: Steps, world: World) -> None:
    ref = run()
    new_lease(world.database)
    deployment = world.create("blue")
    ref.ask(TasksAdded(cluster_id=world.cluster))
    assert (steps.executed, statuses(world, deployment)) == ([], ["Pending"])


def test_the_end_of_a_task_wakes_what_waits_for_it_in_another_cluster(
    run: Any, steps: Steps, world: World
) -> None:
    run()
    waiting = world.create("waiting")
    eventually(lambda: statuses(world, waiting) == ["Done"])
    first = world.create("first", cluster_id=world.second_cluster)
    (task,) = world.tasks(first)
    with world.database.transaction() as connection:
        deployments.lock(connection, [waiting])
        queued = queue_operations(connection, world.admin, waiting, world.cluster, [Reinstall(reason="it")])
        task_waits.add(connection, queued, task.id)
    claim = new_claim(world.database)
    with world.database.transaction() as connection:
        task_queue.claim(connection, cluster_id=world.second_cluster, claim=claim, most=1)
    assert statuses(world, waiting) == ["Done", "Pending"]
    with world.database.transaction() as connection:
        task_queue.mark_ended(connection, task.id, claim, TaskStatus.DONE, "")
    eventually(lambda: statuses(world, waiting) == ["Done", "Done"], seconds=LOOK_SECONDS / 2)


def test_with_more_clusters_than_slots_no_task_waits_for_a_later_look(
    actor_context: ActorContext, steps: Steps, world: World
) -> None:
    """A runner that gets no slot is told when one is free, and none holds a slot without work."""
    limit = ConcurrencyLimit(2)
    with world.making() as make:
        clusters = [make.cluster(f"many{number}", world.env) for number in range(12)]
    for cluster_id in clusters:
        DeploymentRunner.start(
            name=f"runner-{cluster_id}",
            generation=0,
            actor_context=actor_context,
            cluster=RunnerCluster(
                id=cluster_id,
                name=str(cluster_id),
                lease=present_lease(world.database),
                stop_helm=lambda _owner: None,
            ),
            context_of=partial(bare_context, world.database),
            task_limit=limit,
            max_concurrent_tasks=4,
        )
    names = [f"runner-{cluster_id}" for cluster_id in clusters]
    assert not actor_context.actor_registry.wait_until_ready(names, seconds=10)
    made = [
        world.create(f"{cluster_id}"[:8] + str(number), cluster_id=cluster_id)
        for number in range(3)
        for cluster_id in clusters
    ]
    eventually(lambda: len(steps.executed) == len(made), seconds=LOOK_SECONDS / 2)
    eventually(lambda: all(statuses(world, deployment) == ["Done"] for deployment in made))
    assert steps.most_at_once <= 2
    eventually(lambda: limit.free == 2)


def changed(world: World, state: Reachability) -> ReachabilityChanged:
    return ReachabilityChanged(cluster_id=world.cluster, state=state)


def test_tasks_of_a_cluster_that_does_not_answer_start_without_a_slot(
    run: Any, steps: Steps, world: World, actor_context: ActorContext
) -> None:
    gate = threading.Event()
    steps.work = lambda _task: gate.wait(20) and None
    run(slots=1)
    actor_context.event_bus.publish(changed(world, Reachability.LATE))
    deployments = [world.create(f"d{number}") for number in range(3)]
    eventually(lambda: all(statuses(world, each) == ["Started"] for each in deployments))
    gate.set()
    eventually(lambda: all(statuses(world, each) == ["Done"] for each in deployments))


def test_a_runner_that_starts_late_knows_that_its_cluster_does_not_answer(
    run: Any, steps: Steps, world: World, actor_context: ActorContext
) -> None:
    gate = threading.Event()
    steps.work = lambda _task: gate.wait(20) and None
    actor_context.event_bus.publish_sticky("reachability", changed(world, Reachability.SILENT))
    run(slots=1)
    deployments = [world.create(f"d{number}") for number in range(3)]
    eventually(lambda: all(statuses(world, each) == ["Started"] for each in deployments))
    gate.set()


def test_what_another_cluster_does_changes_nothing(
    run: Any, steps: Steps, world: World, actor_context: ActorContext
) -> None:
    gate = threading.Event()
    steps.work = lambda _task: gate.wait(20) and None
    ref = run(slots=1)
    away = ReachabilityChanged(cluster_id=world.second_cluster, state=Reachability.SILENT)
    actor_context.event_bus.publish(away)
    first, second = world.create("first"), world.create("second")
    eventually(lambda: statuses(world, first) == ["Started"])
    ref.ask(TasksAdded(cluster_id=world.cluster))
    assert statuses(world, second) == ["Pending"]
    gate.set()


@pytest.mark.parametrize(
    ("then", "stops"), [(None, True), (Reachability.ANSWERING, False)], ids=["stays silent", "answers again"]
)
def test_helm_is_stopped_only_if_its_cluster_stays_silent(
    then: Reachability | None,
    stops: bool,
    run: Any,
    world: World,
    actor_context: ActorContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deployment_runner, "SILENCE_SECONDS", 0.3)
    stopped = threading.Event()
    ref = run(stop_helm=lambda _owner: stopped.set())
    actor_context.event_bus.publish(changed(world, Reachability.SILENT))
    if then is not None:
        actor_context.event_bus.publish(changed(world, then))
    assert stopped.wait(10 if stops else 1) is stops
    assert ref.is_alive()


def test_a_failing_cluster_that_answers_keeps_its_helm_runs(
    run: Any, world: World, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment_runner, "SILENCE_SECONDS", 0)
    stopped = threading.Event()
    ref = run(stop_helm=lambda _owner: stopped.set())
    actor_context.event_bus.publish(changed(world, Reachability.FAILING))
    ref.ask(TasksAdded(cluster_id=world.cluster))
    assert not stopped.wait(0.5)
