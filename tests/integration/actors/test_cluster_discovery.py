"""Cluster discovery: one search at a time, and nothing that was found is forgotten.

Source: docs/contract/workers.md, "Cluster discovery".
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pykka
import pytest
from claims import new_claim
from sqlalchemy import Connection, text
from typing_extensions import override
from waiting import eventually

from platz.actors import cluster_discovery
from platz.actors.actor import ActorContext
from platz.actors.cluster_discovery import SEARCH, ClusterDiscovery
from platz.actors.messages import AccessDoubted, ClusterDropped, ClusterServed, ReachabilityChanged
from platz.actors.served_clusters import CLUSTER_WORK, ServedClusters
from platz.backoff import EXACT, Backoff
from platz.config import Role
from platz.db import task_queue
from platz.db.database import Database
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.leases import LeaseKeeper, cluster_lease
from platz.db.tables import clusters
from platz.db.unreachable import DatabaseUnavailable
from platz.discovery.cluster_source import ClusterSource
from platz.discovery.findings import FoundCluster
from platz.errors import Rejected
from platz.identities import ClusterId, DeploymentId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.reachability import Reachability
from tests.integration.changes.world import World

FAR = FoundCluster(
    provider_id="local:far",
    name="far",
    region_name="local",
    access=ClusterAccess(
        name="far", server="https://far.test", credentials=FixedCredential(credential=Credential())
    ),
)


LOOK = cluster_discovery.Tick(name=cluster_discovery.LEASES.name)


@dataclass
class Source(ClusterSource):
    """Where clusters are found: counts the searches, and does what the test says."""

    search_once: Callable[[], Sequence[FoundCluster]] = lambda: (FAR,)
    changed: bool = False
    gone: dict[str, str] = field(default_factory=dict[str, str])
    searches: int = 0
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @override
    def search(self) -> Sequence[FoundCluster]:
        with self.lock:
            self.searches += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return self.search_once()
        finally:
            with self.lock:
                self.at_once -= 1

    @override
    def has_changed(self) -> bool:
        return self.changed

    @override
    def removed(self) -> Mapping[str, str]:
        return self.gone


@dataclass
class Served:
    """Stands in for an actor that hears which clusters are served."""

    told: list[ClusterServed] = field(default_factory=list)

    def tell(self, message: ClusterServed) -> None:
        self.told.append(message)


def serve_all(database: Database) -> ClusterId:
    """Stop ignoring the only cluster, and return its id."""
    with database.transaction() as connection:
        connection.execute(text("update k8s_clusters set ignore = false"))
        (row,) = clusters.all_clusters(connection)
    return row.id


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def discover(actor_context: ActorContext, database: Database, source: Source) -> Iterator[Callable[..., Any]]:
    leases = LeaseKeeper(database, lambda _: None)
    leases.start()

    def start(every_seconds: float = 3600.0) -> pykka.ActorRef[Any]:
        options: dict[str, Any] = {"leases": leases, "database": database, "source": source}
        served = ServedClusters()
        ref = ClusterDiscovery.start(
            name="discovery",
            generation=0,
            actor_context=actor_context,
            served=served,
            every_seconds=every_seconds,
            **options,
        )
        assert not actor_context.actor_registry.wait_until_ready(["discovery"], seconds=10)
        return ref

    yield start
    leases.stop()


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        return [row.name for row in clusters.all_clusters(connection)]


def test_while_a_search_is_under_way_no_other_is_queued(discover: Any, source: Source) -> None:
    gate = threading.Event()

    def wait() -> Sequence[FoundCluster]:
        assert gate.wait(20)
        return (FAR,)

    source.search_once = wait
    ref = discover()
    eventually(lambda: source.searches == 1)
    for _ in range(5):
        ref.tell(SEARCH)
    ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
    gate.set()
    eventually(lambda: source.at_once == 0)
    ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
    assert source.searches == 1


def test_failed_searches_do_not_add_up(discover: Any, source: Source, actor_context: ActorContext) -> None:
    def fail() -> Sequence[FoundCluster]:
        raise Rejected("There is no kubeconfig.")

    source.search_once = fail
    ref = discover()
    for number in range(1, 6):
        eventually(lambda number=number: source.searches == number)
        ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
        ref.tell(SEARCH)
    eventually(lambda: source.searches == 6)
    ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
    waiting = [
        each for each in actor_context.timers._pending if each.message == SEARCH and not each.cancelled
    ]
    assert len(waiting) == 2  # the hourly one, and one for the failure


def test_what_was_found_while_the_database_was_away_is_recorded_later(
    discover: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = cluster_discovery.record_clusters
    away = threading.Event()

    def once_away(connection: Connection, found: Sequence[FoundCluster]) -> object:
        if not away.is_set():
            away.set()
            raise DatabaseUnavailable
        return record(connection, found)

    monkeypatch.setattr(cluster_discovery, "record_clusters", once_away)
    discover()
    eventually(lambda: names(database) == ["far"])


@pytest.fixture
def served(actor_context: ActorContext) -> Served:
    """What is told about clusters that are served or dropped."""
    served = Served()
    messages: Any = {ClusterServed, ClusterDropped}
    actor_context.event_bus.subscribe("served", served, messages=messages, tables=None)  # type: ignore[arg-type]
    return served


def test_a_doubt_about_the_access_to_a_cluster_starts_a_search_at_once(
    discover: Any, source: Source, database: Database, actor_context: ActorContext, served: Served
) -> None:
    discover()
    eventually(lambda: names(database) == ["far"])
    cluster_id = serve_all(database)
    eventually(lambda: len(served.told) == len(CLUSTER_WORK))
    moved = dataclasses.replace(FAR.access, server="https://moved.test")
    source.search_once = lambda: (dataclasses.replace(FAR, access=moved),)
    actor_context.event_bus.publish(AccessDoubted(cluster_id=cluster_id))
    eventually(lambda: served.told[-1].access.server == "https://moved.test", seconds=5)


def test_a_source_that_has_changed_is_searched_within_seconds(discover: Any, source: Source) -> None:
    ref = discover()
    eventually(lambda: source.searches == 1 and source.at_once == 0)
    ref.ask(LOOK)
    assert source.searches == 1
    source.changed = True
    ref.ask(LOOK)
    eventually(lambda: source.searches == 2)


def test_a_cluster_that_was_removed_on_purpose_is_dropped_and_marked_and_comes_back(
    discover: Any, source: Source, database: Database, served: Served
) -> None:
    ref = discover()
    eventually(lambda: names(database) == ["far"])
    cluster_id = serve_all(database)
    eventually(lambda: len(served.told) == len(CLUSTER_WORK))

    source.search_once, source.gone = lambda: (), {FAR.provider_id: "Its kubeconfig was removed."}
    ref.tell(SEARCH)
    eventually(lambda: isinstance(served.told[-1], ClusterDropped))
    ref.ask(LOOK)
    with database.reading() as connection:
        row = clusters.get(connection, cluster_id)
    assert row is not None
    assert (row.is_ok, row.not_ok_reason) == (False, "Its kubeconfig was removed.")

    source.search_once, source.gone = lambda: (FAR,), {}
    ref.tell(SEARCH)
    eventually(lambda: isinstance(served.told[-1], ClusterServed))


def test_a_cluster_that_is_only_missing_is_still_served(
    discover: Any, source: Source, database: Database, served: Served
) -> None:
    ref = discover()
    eventually(lambda: names(database) == ["far"])
    serve_all(database)
    eventually(lambda: len(served.told) == len(CLUSTER_WORK))
    source.search_once = lambda: ()
    ref.tell(SEARCH)
    eventually(lambda: source.searches == 2 and source.at_once == 0)
    ref.ask(LOOK)
    assert len(served.told) == len(CLUSTER_WORK)


def test_many_doubts_cause_few_searches(
    discover: Any, source: Source, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_discovery, "DOUBTS", Backoff(first=0.2, limit=0.2, spread=EXACT))
    ref = discover()
    eventually(lambda: source.searches == 1)
    dead = [ClusterId(uuid4()) for _ in range(100)]
    began = time.monotonic()
    while time.monotonic() - began < 1:
        for cluster_id in dead:
            actor_context.event_bus.publish(AccessDoubted(cluster_id=cluster_id))
        ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
    assert 4 <= source.searches <= 8 + len(dead) // 50


def test_a_cluster_that_answers_again_is_searched_for_no_more(
    discover: Any, source: Source, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_discovery, "DOUBTS", Backoff(first=0.1, limit=0.1, spread=EXACT))
    ref = discover()
    eventually(lambda: source.searches == 1)
    cluster_id = ClusterId(uuid4())
    actor_context.event_bus.publish(AccessDoubted(cluster_id=cluster_id))
    actor_context.event_bus.publish(ReachabilityChanged(cluster_id=cluster_id, state=Reachability.ANSWERING))
    eventually(lambda: source.searches == 2)
    pending = actor_context.timers._pending
    eventually(lambda: all(each.message != cluster_discovery.DOUBT for each in pending))
    ref.ask(cluster_discovery.Tick(name=cluster_discovery.LEASES.name))
    assert source.searches == 2


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)


def ignored(world: World) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            text("update k8s_clusters set ignore = true where id = :id"), {"id": world.cluster}
        )


def started(world: World) -> DeploymentId:
    """Create a deployment whose Install is Started."""
    deployment_id = world.create("blue")
    with world.database.transaction() as connection:
        task_queue.claim(connection, cluster_id=world.cluster, claim=new_claim(world.database), most=1)
    return deployment_id


def test_the_tasks_of_a_cluster_that_is_ignored_end_with_a_reason(discover: Any, world: World) -> None:
    deployment_id = started(world)
    discover()
    ignored(world)

    def status() -> TaskStatus:
        return world.tasks(deployment_id, pending=False)[-1].status

    eventually(lambda: status() is TaskStatus.FAILED)
    row = world.row(deployment_id)
    assert row is not None
    assert row.status is DeploymentStatus.ERROR
    assert "cluster blue is to be ignored" in str(row.reason)


def test_what_another_process_still_works_on_is_left_to_it(
    discover: Any, world: World, database: Database
) -> None:
    deployment_id = started(world)
    other = LeaseKeeper(database, lambda _: None)
    other.start()
    assert other.try_acquire(cluster_lease(world.cluster, Role.DEPLOY))
    ref = discover()
    ignored(world)
    ref.ask(cluster_discovery.LEASES)
    (task,) = world.tasks(deployment_id, pending=False)
    assert task.status is TaskStatus.STARTED
    other.stop()
    eventually(lambda: world.tasks(deployment_id, pending=False)[-1].status is TaskStatus.FAILED)


def test_tasks_of_a_cluster_that_is_merely_not_found_wait_for_its_next_owner(
    discover: Any, world: World
) -> None:
    deployment_id = started(world)
    ref = discover()
    ref.ask(cluster_discovery.LEASES)
    assert [task.status for task in world.tasks(deployment_id, pending=False)] == [TaskStatus.STARTED]
