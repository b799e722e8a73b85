"""Given leases, when processes and connections die, then a lease has one owner, and who loses it knows first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Queue

import pytest
from tcp_relay import Relay
from waiting import eventually

from platz.db.database import Database
from platz.db.leases import LeaseKeeper

CLUSTER = "platz:cluster:1"
ROLE = "platz:role:charts"
DEADLINE = 10.0

Keep = Callable[[Database], tuple[LeaseKeeper, "Queue[frozenset[str]]"]]


@pytest.fixture
def keep() -> Iterator[Keep]:
    started: list[LeaseKeeper] = []

    def start(database: Database) -> tuple[LeaseKeeper, Queue[frozenset[str]]]:
        lost: Queue[frozenset[str]] = Queue()
        keeper = LeaseKeeper(database, lost.put, check_seconds=0.1, check_timeout_seconds=0.5)
        keeper.start()
        started.append(keeper)
        return keeper, lost

    yield start
    for keeper in started:
        keeper.stop()


def test_only_one_process_gets_a_lease(keep: Keep, database: Database) -> None:
    first, second = keep(database)[0], keep(database)[0]
    assert first.try_acquire(CLUSTER)
    assert first.try_acquire(CLUSTER), "asking again changes nothing"
    assert not second.try_acquire(CLUSTER)
    assert second.try_acquire(ROLE)
    assert (first.held(), second.held()) == ({CLUSTER}, {ROLE})


def test_a_released_lease_is_free(keep: Keep, database: Database) -> None:
    first, second = keep(database)[0], keep(database)[0]
    assert first.try_acquire(CLUSTER)
    assert first.try_acquire(CLUSTER)
    first.release(CLUSTER)
    assert first.held() == frozenset()
    assert second.try_acquire(CLUSTER)


def test_releasing_what_one_does_not_have_hurts_nobody(keep: Keep, database: Database) -> None:
    first, second = keep(database)[0], keep(database)[0]
    assert first.try_acquire(CLUSTER)
    second.release(CLUSTER)
    assert not second.try_acquire(CLUSTER)


def test_a_stopped_process_frees_all_its_leases_and_nobody_is_told(keep: Keep, database: Database) -> None:
    (first, lost), (second, _) = keep(database), keep(database)
    assert first.try_acquire(CLUSTER)
    assert first.try_acquire(ROLE)
    first.stop()
    assert eventually(lambda: second.try_acquire(CLUSTER))
    assert eventually(lambda: second.try_acquire(ROLE))
    assert lost.empty()


def test_a_stopped_process_takes_no_lease_any_more(keep: Keep, database: Database) -> None:
    keeper, _ = keep(database)
    keeper.stop()
    assert not keeper.try_acquire(CLUSTER)


@pytest.mark.parametrize("fault", [Relay.cut, Relay.silence], ids=["cut", "silent"])
def test_who_loses_the_connection_hears_which_leases_are_gone(
    keep: Keep, fragile: Database, relay: Relay, fault: Callable[[Relay], None]
) -> None:
    keeper, lost = keep(fragile)
    assert keeper.try_acquire(CLUSTER)
    assert keeper.try_acquire(ROLE)
    fault(relay)
    assert lost.get(timeout=DEADLINE) == {CLUSTER, ROLE}
    assert keeper.held() == frozenset()


def test_when_the_server_ends_the_session_another_process_can_take_over(
    keep: Keep, fragile: Database, database: Database
) -> None:
    (keeper, lost), (other, _) = keep(fragile), keep(database)
    assert keeper.try_acquire(CLUSTER)
    with database.dedicated() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fragile'"
            " AND datname = current_database()"
        )
    assert lost.get(timeout=DEADLINE) == {CLUSTER}
    assert eventually(lambda: other.try_acquire(CLUSTER))
    assert not keeper.try_acquire(CLUSTER)


def test_after_a_loss_leases_can_be_taken_again(keep: Keep, fragile: Database, relay: Relay) -> None:
    keeper, lost = keep(fragile)
    assert keeper.try_acquire(CLUSTER)
    relay.cut()
    assert lost.get(timeout=DEADLINE) == {CLUSTER}
    assert eventually(lambda: keeper.try_acquire(CLUSTER), seconds=DEADLINE)


def test_without_a_database_there_is_no_lease(keep: Keep, fragile: Database, relay: Relay) -> None:
    keeper, lost = keep(fragile)
    relay.refuse()
    assert not keeper.try_acquire(CLUSTER)
    assert lost.empty()
