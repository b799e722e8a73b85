"""Roles and clusters are shared by leases: one owner at a time, and the next one takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pykka
import pytest
from typing_extensions import override
from waiting import eventually

from platz.actors import cluster_discovery
from platz.actors.actor import ActorContext
from platz.actors.cluster_discovery import ClusterDiscovery
from platz.actors.leased_actor import LeasedActor
from platz.actors.messages import ClusterDropped, ClusterServed, LeaseLost, RowChanged, Tick
from platz.actors.served_clusters import CLUSTER_WORK, ServedClusters
from platz.config import Role
from platz.db.database import Database
from platz.db.leases import LeaseKeeper, cluster_lease
from platz.db.tables import clusters
from platz.discovery.cluster_source import ClusterSource
from platz.discovery.findings import FirstSight, FoundCluster
from platz.errors import Retryable
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.tasks.context import ClusterNotServed

Keeper = Callable[[], LeaseKeeper]


@pytest.fixture
def keeper(database: Database, actor_context: ActorContext) -> Iterator[Keeper]:
    """Makes the leases of one process after the other."""
    made: list[LeaseKeeper] = []

    def make() -> LeaseKeeper:
        leases = LeaseKeeper(database, lambda names: actor_context.event_bus.publish(LeaseLost(names=names)))
        leases.start()
        made.append(leases)
        return leases

    yield make
    for leases in made:
        leases.stop()


class Sweeper(LeasedActor):
    """Remembers what duty asks of it."""

    role = "sweeping"
    hears = frozenset({RowChanged, LeaseLost})

    def __init__(
        self, *, name: str, generation: int, actor_context: ActorContext, leases: LeaseKeeper
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context, leases=leases)
        self.looks = 0
        self.rests = 0
        self.worked: list[object] = []

    def refresh(self) -> None:
        self.looks += 1

    def handle_as_leader(self, message: object) -> None:
        self.worked.append(message)

    def on_lost(self) -> None:
        self.rests += 1


def sweeper(
    actor_context: ActorContext, leases: LeaseKeeper, name: str
) -> tuple[Sweeper, pykka.ActorRef[Sweeper]]:
    ref = Sweeper.start(name=name, generation=0, actor_context=actor_context, leases=leases)
    assert not actor_context.actor_registry.wait_until_ready([name], seconds=10)
    actor = ref._actor_weakref()
    assert isinstance(actor, Sweeper)
    return actor, ref


def test_only_the_holder_of_the_lease_works(actor_context: ActorContext, keeper: Keeper) -> None:
    first, _ = sweeper(actor_context, keeper(), "first")
    second, _ = sweeper(actor_context, keeper(), "second")
    actor_context.event_bus.publish(RowChanged(table="x", changes=()))
    eventually(lambda: first.worked)
    assert (first.is_leader, second.is_leader) == (True, False)
    assert second.worked == []


def test_the_next_one_takes_over_when_the_first_stops(actor_context: ActorContext, keeper: Keeper) -> None:
    first, ref = sweeper(actor_context, keeper(), "first")
    second, _ = sweeper(actor_context, keeper(), "second")
    ref.stop(timeout=10)
    eventually(lambda: second.is_leader and second.looks)
    assert first.rests == 1


def test_a_lost_lease_ends_the_duty_until_it_is_got_back(
    actor_context: ActorContext, keeper: Keeper, database: Database
) -> None:
    actor, _ = sweeper(actor_context, keeper(), "only")
    with database.reading() as connection:
        connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
        )
    eventually(lambda: actor.rests == 1)
    looks = actor.looks
    eventually(lambda: actor.is_leader and actor.looks == looks + 1)


def test_a_leader_whose_lease_has_run_out_handles_nothing_even_if_nobody_has_noticed(
    actor_context: ActorContext, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = keeper()
    actor, ref = sweeper(actor_context, leases, "only")
    monkeypatch.setattr(leases, "holds", lambda _name: False)
    ref.ask(RowChanged(table="x", changes=()))
    assert (actor.is_leader, actor.worked) == (True, [])


class Account(ClusterSource):
    """A source of clusters that says what the test wants."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.fails = False

    @override
    def search(self) -> Sequence[FoundCluster]:
        if self.fails:
            raise Retryable("The account can't be asked.")
        return [self.found(name) for name in self.names]

    def found(self, name: str) -> FoundCluster:
        access = ClusterAccess(
            name=name,
            server="https://127.0.0.1:1",
            credentials=FixedCredential(credential=Credential(token="t")),
        )
        first = FirstSight(env_name="Default", ignore=False)
        return FoundCluster(
            provider_id=f"local:{name}", name=name, region_name="local", access=access, first_sight=first
        )


class Ear(pykka.ThreadingActor):
    """Writes down what is published."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> None:
        self.heard.append(message)


@pytest.fixture
def ear(actor_context: ActorContext) -> Ear:
    ref = Ear.start()
    actor_context.event_bus.subscribe("ear", ref, messages={ClusterServed, ClusterDropped}, tables=None)
    actor = ref._actor_weakref()
    assert isinstance(actor, Ear)
    return actor


@pytest.fixture
def discover(actor_context: ActorContext, database: Database) -> Callable[..., tuple[Any, ServedClusters]]:
    def start(
        account: Account,
        leases: LeaseKeeper,
        name: str = "discovery",
        *,
        roles: Sequence[Role] = (Role.DEPLOY,),
    ) -> tuple[Any, ServedClusters]:
        served = ServedClusters(roles=roles)
        options = {"database": database, "source": account, "leases": leases, "served": served}
        ref = ClusterDiscovery.start(
            name=name, generation=0, actor_context=actor_context, every_seconds=3600, **options
        )
        assert not actor_context.actor_registry.wait_until_ready([name], seconds=10)
        return ref, served

    return start


def cluster_id(database: Database, name: str) -> Any:
    with database.reading() as connection:
        return next((row.id for row in clusters.all_clusters(connection) if row.name == name), None)


def test_found_clusters_are_registered_and_served(
    discover: Any, keeper: Keeper, ear: Ear, database: Database
) -> None:
    _, served = discover(Account("east", "west"), keeper())
    eventually(lambda: len(ear.heard) == 2)
    assert {message.name for message in ear.heard if isinstance(message, ClusterServed)} == {"east", "west"}
    assert served.client(cluster_id(database, "east")).access.name == "east"


def test_ignoring_a_cluster_drops_it_at_once_and_clearing_that_serves_it_again(
    discover: Any, keeper: Keeper, ear: Ear, database: Database
) -> None:
    _, served = discover(Account("east"), keeper())
    eventually(lambda: len(ear.heard) == 1)
    east = cluster_id(database, "east")
    with database.transaction() as connection:
        clusters.save(connection, east, {"ignore": True})
    eventually(lambda: ear.heard[-1] == ClusterDropped(cluster_id=east, work=Role.DEPLOY))
    with pytest.raises(ClusterNotServed):
        served.client(east)
    with database.transaction() as connection:
        clusters.save(connection, east, {"ignore": False})
    eventually(lambda: isinstance(ear.heard[-1], ClusterServed))


def test_two_processes_never_serve_one_cluster(discover: Any, keeper: Keeper, ear: Ear) -> None:
    first_leases, second_leases = keeper(), keeper()
    discover(Account("east", "west"), first_leases, "first")
    eventually(lambda: len(ear.heard) == 2)
    discover(Account("east", "west"), second_leases, "second")
    assert first_leases.held() & second_leases.held() == frozenset()
    first_leases.stop()
    eventually(lambda: len(second_leases.held()) == 2)


def test_a_process_with_one_role_does_not_keep_another_from_serving(
    discover: Any, keeper: Keeper, ear: Ear, database: Database
) -> None:
    discover(Account("east"), keeper(), "first", roles=[Role.CREDENTIALS, Role.CLUSTERS])
    eventually(lambda: len(ear.heard) == 1)
    discover(Account("east"), keeper(), "second", roles=[Role.DEPLOY, Role.CREDENTIALS])
    eventually(lambda: len(ear.heard) == 2)
    served = [message.work for message in ear.heard if isinstance(message, ClusterServed)]
    assert served == [Role.CREDENTIALS, Role.DEPLOY]


def test_one_of_two_processes_has_all_leases_of_a_cluster(
    discover: Any, keeper: Keeper, database: Database
) -> None:
    both = keeper(), keeper()
    for number, leases in enumerate(both):
        discover(Account("east"), leases, str(number), roles=CLUSTER_WORK)
    all_of_them = {
        cluster_lease(eventually(lambda: cluster_id(database, "east")), work) for work in CLUSTER_WORK
    }
    owner = eventually(lambda: next((leases for leases in both if leases.held() == all_of_them), None))
    for leases in both:
        assert leases is owner or leases.held() == frozenset()
    owner.stop()
    eventually(lambda: any(leases.held() == all_of_them for leases in both))


def test_what_the_server_of_a_cluster_leaves_over_is_taken_by_another(
    discover: Any, keeper: Keeper, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_discovery, "LEFT_OVER_SECONDS", 1.0)
    first, second = keeper(), keeper()
    discover(Account("east"), first, "first", roles=[Role.DEPLOY])
    east = eventually(lambda: cluster_id(database, "east"))
    eventually(first.held)
    discover(Account("east"), second, "second", roles=CLUSTER_WORK)
    left = {cluster_lease(east, work) for work in (Role.TRACK, Role.CREDENTIALS)}
    eventually(lambda: second.held() == left)


def test_a_process_that_only_searches_serves_no_cluster(
    discover: Any, keeper: Keeper, database: Database
) -> None:
    leases = keeper()
    _, served = discover(Account("east"), leases, roles=[Role.CLUSTERS])
    east = eventually(lambda: cluster_id(database, "east"))
    assert leases.held() == frozenset()
    with pytest.raises(ClusterNotServed):
        served.client(east)


def test_a_failing_search_forgets_nothing(
    discover: Any, keeper: Keeper, ear: Ear, database: Database
) -> None:
    account = Account("east")
    ref, served = discover(account, keeper())
    eventually(lambda: len(ear.heard) == 1)
    account.fails = True
    ref.tell(Tick(name="search"))
    assert ref.ask(Tick(name="leases"), timeout=10) is None
    assert served.client(cluster_id(database, "east"))
    assert len(ear.heard) == 1


def test_a_lost_lease_drops_the_cluster_and_it_is_served_again(
    discover: Any, keeper: Keeper, ear: Ear, database: Database
) -> None:
    leases = keeper()
    discover(Account("east"), leases)
    eventually(lambda: len(ear.heard) == 1)
    east = cluster_id(database, "east")
    assert leases.held() == {cluster_lease(east, Role.DEPLOY)}
    with database.reading() as connection:
        connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
        )
    eventually(lambda: ClusterDropped(cluster_id=east, work=Role.DEPLOY) in ear.heard)
    eventually(lambda: isinstance(ear.heard[-1], ClusterServed))
