"""Cluster discovery: one search at a time, and nothing that was found is forgotten.

Source: docs/contract/workers.md, "Cluster discovery".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pykka
import pytest
from sqlalchemy import Connection
from waiting import eventually

from platz.actors import cluster_discovery
from platz.actors.actor import ActorContext
from platz.actors.cluster_discovery import SEARCH, ClusterDiscovery
from platz.actors.served_clusters import ServedClusters
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.db.tables import clusters
from platz.db.unreachable import DatabaseUnavailable
from platz.discovery.findings import FoundCluster
from platz.errors import Rejected
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential

FAR = FoundCluster(
    provider_id="local:far",
    name="far",
    region_name="local",
    access=ClusterAccess(
        name="far", server="https://far.test", credentials=FixedCredential(credential=Credential())
    ),
)


@dataclass
class Source:
    """Where clusters are found: counts the searches, and does what the test says."""

    search_once: Callable[[], Sequence[FoundCluster]] = lambda: (FAR,)
    searches: int = 0
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

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
