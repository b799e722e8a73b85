"""From a task's commit to its start, with more clusters than slots: 8 slots, steps that take no time.

The floor is the claim alone: the same statement by the same connection, without events, actors and threads.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pykka
import structlog
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
from platz.actors.task_dispatcher import TaskDispatcher
from platz.actors.timers import Timers
from platz.db import task_queue
from platz.db.database import Database
from platz.db.enums import TaskStatus
from platz.db.migrations import migrate
from platz.db.tables.tasks import TaskRow
from platz.db.task_queue import ClaimId
from platz.identities import ClusterId, DeploymentId
from platz.tasks import execution
from platz.tasks.context import OperationContext
from tests.integration.changes.world import World

SLOTS = 8
TASKS = 200
LATENCY = """
    SELECT extract(epoch FROM started_at - created_at)::float8 FROM deployment_tasks ORDER BY created_at DESC LIMIT %s
"""


@dataclass(frozen=True)
class _Context:
    database: Database
    owner: str = ""


def measure() -> Iterator[Figure]:
    """p50 and p99 at 10, 50 and 200 clusters, one task after the other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    execution.execute = _done  # the steps of a task are not what is measured
    for clusters in (10, 50, 200):
        with tempfile.TemporaryDirectory() as folder, _world(Path(folder)) as world:
            floor = _claims_alone(world)
            with _runners(world, clusters) as served:
                latencies = _latencies(world, served)
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


def _done(context: OperationContext, task: TaskRow) -> None:
    with context.database.transaction() as connection:
        task_queue.mark_done(connection, task.id, execution.claim_of(task), "")


def _claims_alone(world: World) -> list[float]:
    seconds: list[float] = []
    for number in range(50):
        world.create(f"alone{number}")
        began = time.perf_counter()
        with world.database.transaction() as connection:
            (task,) = task_queue.claim(
                connection, cluster_id=world.cluster, claimed_by=ClaimId(uuid4()), most=1
            )
        seconds.append(time.perf_counter() - began)
        with world.database.transaction() as connection:
            task_queue.mark_done(connection, task.id, execution.claim_of(task), "")
    return seconds


def _latencies(world: World, served: list[ClusterId]) -> list[float]:
    for number in range(TASKS):
        deployment = world.create(f"task{number}", cluster_id=served[number % len(served)])
        eventually(lambda id_=deployment: _is_done(world, id_), seconds=60, every=0.005)
    with world.database.reading() as connection:
        cursor: Any = connection.exec_driver_sql(LATENCY, (TASKS,))
        return [seconds for (seconds,) in cursor]


def _is_done(world: World, deployment: DeploymentId) -> bool:
    return all(task.status is TaskStatus.DONE for task in world.tasks(deployment, pending=False))


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
def _runners(world: World, clusters: int) -> Iterator[list[ClusterId]]:
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
    limit = ConcurrencyLimit(SLOTS)
    with world.making() as make:
        served = [make.cluster(f"many{number}", world.env) for number in range(clusters)]
    for cluster_id in served:
        DeploymentRunner.start(
            name=f"runner-{cluster_id}",
            generation=0,
            actor_context=actor_context,
            cluster=RunnerCluster(id=cluster_id, name=str(cluster_id), stop_helm=lambda _owner: None),
            context=cast("OperationContext", _Context(database=world.database)),
            task_limit=limit,
            max_concurrent_tasks=4,
        )
    names = ["listener", "dispatcher", *(f"runner-{cluster_id}" for cluster_id in served)]
    missing = actor_context.actor_registry.wait_until_ready(names, seconds=60)
    assert not missing, missing
    try:
        yield served
    finally:
        timers.stop()
        pykka.ActorRegistry.stop_all(timeout=30)
