"""From a task's commit to its start, with more clusters than slots: 8 slots, steps that take no time.

The floor is the claim alone: the same statement by the same connection, without events, actors and threads. For a
healthy cluster beside dead ones, whose tasks wait for them, it is the same cluster while the others have no tasks.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pykka
import structlog
from claims import bare_context, new_claim, present_lease
from database import free_port
from figures import Figure, quantile
from platz_sandbox.postgres.server import EmbeddedPostgres
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.concurrency_limit import ConcurrencyLimit
from platz.actors.database_listener import DatabaseListener
from platz.actors.deployment_runner import DeploymentRunner, RunnerCluster
from platz.actors.event_bus import EventBus
from platz.actors.messages import ReachabilityChanged
from platz.actors.task_dispatcher import TaskDispatcher
from platz.actors.timers import Timers
from platz.db import task_queue
from platz.db.database import Database
from platz.db.enums import TaskStatus
from platz.db.migrations import migrate
from platz.db.tables.tasks import TaskRow
from platz.identities import ClusterId, DeploymentId
from platz.kube.reachability import Reachability
from platz.tasks import execution
from platz.tasks.context import OperationContext
from tests.integration.changes.world import World

SLOTS = 8
TASKS_PER_CLUSTER = 4
TASKS = 200
LATENCY = """
    SELECT extract(epoch FROM started_at - created_at)::float8 FROM deployment_tasks ORDER BY created_at DESC LIMIT %s
"""


def measure() -> Iterator[Figure]:
    """p50 and p99 at 10, 50 and 200 clusters, one task after the other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    execution.execute = _done  # the steps of a task are not what is measured
    for clusters in (10, 50, 200):
        with tempfile.TemporaryDirectory() as folder, _world(Path(folder)) as world:
            floor = _claims_alone(world)
            with _runners(world, clusters) as served:
                latencies = _latencies(world, served.ids)
        name = f"commit to start, {clusters} clusters, {SLOTS} slots"
        yield Figure(
            name=f"{name}, p50",
            value=1000 * statistics.median(latencies),
            unit="ms",
            floor=1000 * statistics.median(floor),
            floor_is="claim alone",
        )
        yield Figure(
            name=f"{name}, p99",
            value=1000 * quantile(latencies, 0.99),
            unit="ms",
            floor=1000 * quantile(floor, 0.99),
            floor_is="claim alone",
        )
    for dead in (1, 8, 100):
        yield _beside_dead_clusters(dead)


def _beside_dead_clusters(count: int) -> Figure:
    """p99 of one healthy cluster while each of ``count`` dead ones has as many waiting tasks as it may run."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _world(Path(folder)) as world,
        _runners(world, 1 + count) as served,
    ):
        healthy, dead = served.ids[:1], served.ids[1:]
        floor = _latencies(world, healthy)
        with _dying(world, dead, served.event_bus):
            latencies = _latencies(world, healthy)
    return Figure(
        name=f"commit to start beside {count} dead clusters, {SLOTS} slots, p99",
        value=1000 * quantile(latencies, 0.99),
        unit="ms",
        floor=1000 * quantile(floor, 0.99),
        floor_is="beside idle ones",
    )


@contextmanager
def _dying(world: World, dead: Sequence[ClusterId], event_bus: EventBus) -> Iterator[None]:
    """Let these clusters be silent, with tasks that wait for them, until the end of the block."""
    answers = threading.Event()

    def wait_or_done(context: OperationContext, task: TaskRow) -> None:
        if task.cluster_id in dead:
            with context.host.waiting():
                answers.wait()
        _done(context, task)

    execution.execute = wait_or_done
    for cluster_id in dead:
        event_bus.publish(ReachabilityChanged(cluster_id=cluster_id, state=Reachability.SILENT))
    waiting = [
        world.create(f"waits{uuid4().hex[:8]}", cluster_id=cluster_id)
        for cluster_id in dead
        for _ in range(TASKS_PER_CLUSTER)
    ]
    eventually(lambda: all(_is(world, each, TaskStatus.STARTED) for each in waiting), seconds=60)
    try:
        yield
    finally:
        execution.execute = _done
        answers.set()


def _done(context: OperationContext, task: TaskRow) -> None:
    with context.database.transaction() as connection:
        task_queue.mark_ended(connection, task.id, context.claim, TaskStatus.DONE, "")


def _claims_alone(world: World) -> list[float]:
    seconds: list[float] = []
    claim = new_claim(world.database)
    for number in range(50):
        world.create(f"alone{number}")
        began = time.perf_counter()
        with world.database.transaction() as connection:
            (task,) = task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=1)
        seconds.append(time.perf_counter() - began)
        with world.database.transaction() as connection:
            task_queue.mark_ended(connection, task.id, claim, TaskStatus.DONE, "")
    return seconds


def _latencies(world: World, served: Sequence[ClusterId]) -> list[float]:
    for number in range(TASKS):
        deployment = world.create(f"task{uuid4().hex[:8]}", cluster_id=served[number % len(served)])
        eventually(lambda id_=deployment: _is(world, id_, TaskStatus.DONE), seconds=60, every=0.005)
    with world.database.reading() as connection:
        cursor: Any = connection.exec_driver_sql(LATENCY, (TASKS,))
        return [seconds for (seconds,) in cursor]


def _is(world: World, deployment: DeploymentId, status: TaskStatus) -> bool:
    return all(task.status is status for task in world.tasks(deployment, pending=False))


@dataclass(frozen=True)
class _Served:
    """The clusters that are served, and where facts about them are published."""

    ids: list[ClusterId]
    event_bus: EventBus


@contextmanager
def _world(folder: Path) -> Iterator[World]:
    postgres = EmbeddedPostgres(folder / "postgres", free_port())
    postgres.start(seconds=60)
    database = Database(postgres.address)
    try:
        migrate(database)
        yield World.build(database)
    finally:
        database.close()
        postgres.stop()


@contextmanager
def _runners(world: World, clusters: int) -> Iterator[_Served]:
    timers = Timers()
    timers.start()
    actor_context = ActorContext(
        actor_registry=ActorRegistry(), event_bus=EventBus(), timers=timers, failed=lambda *_: None
    )
    DatabaseListener.start(
        name="listener", generation=0, actor_context=actor_context, database=world.database
    )
    TaskDispatcher.start(
        name="dispatcher", generation=0, actor_context=actor_context, database=world.database
    )
    limit, lease = ConcurrencyLimit(SLOTS), present_lease(world.database)
    with world.making() as make:
        served = [make.cluster(f"many{number}", world.env) for number in range(clusters)]
    for cluster_id in served:
        DeploymentRunner.start(
            name=f"runner-{cluster_id}",
            generation=0,
            actor_context=actor_context,
            cluster=RunnerCluster(
                id=cluster_id, name=str(cluster_id), lease=lease, stop_helm=lambda _owner: None
            ),
            context_of=partial(bare_context, world.database),
            task_limit=limit,
            max_concurrent_tasks=TASKS_PER_CLUSTER,
        )
    names = ["listener", "dispatcher", *(f"runner-{cluster_id}" for cluster_id in served)]
    missing = actor_context.actor_registry.wait_until_ready(names, seconds=60)
    assert not missing, missing
    try:
        yield _Served(served, actor_context.event_bus)
    finally:
        timers.stop()
        pykka.ActorRegistry.stop_all(timeout=30)
