"""Given leases, when processes and connections die, then a lease has one owner, and who loses it knows first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Queue

import pytest
from sqlalchemy import text
from tcp_relay import Relay
from waiting import eventually

from platz import boot_clock
from platz.db.database import Database
from platz.db.leases import LeaseKeeper, LeaseTimes
from platz.db.tables import lease_rows
from platz.db.tables.lease_rows import Lease

TIMES = LeaseTimes(check=0.1, check_timeout=0.5, safe=0.8, grace=1.5)
CLUSTER = "platz:cluster:1"
ROLE = "platz:role:charts"
DEADLINE = 10.0
END_SESSION = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"

Keep = Callable[[Database], tuple[LeaseKeeper, "Queue[frozenset[str]]"]]


@pytest.fixture
def keep() -> Iterator[Keep]:
    started: list[LeaseKeeper] = []

    def start(database: Database) -> tuple[LeaseKeeper, Queue[frozenset[str]]]:
        lost: Queue[frozenset[str]] = Queue()
        keeper = LeaseKeeper(database, lost.put, times=TIMES)
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


def test_each_holder_of_a_lease_has_an_epoch_of_its_own(keep: Keep, database: Database) -> None:
    first, second = keep(database)[0], keep(database)[0]
    epochs: list[int] = []
    for keeper in (first, second, first):
        lease = keeper.try_acquire(CLUSTER)
        assert lease is not None
        assert keeper.safe_until(lease) > boot_clock.now()
        epochs.append(lease.epoch)
        keeper.release(CLUSTER)
        assert keeper.safe_until(lease) == 0
    assert len(set(epochs)) == 3


def test_work_ends_before_a_lease_is_given_back(keep: Keep, database: Database) -> None:
    other = keep(database)[0]
    ended: list[tuple[str, object]] = []

    def end_work(lease: Lease) -> None:
        ended.append((lease.name, other.try_acquire(CLUSTER)))

    keeper = LeaseKeeper(database, lambda _names: None, end_work=end_work, times=TIMES)
    keeper.start()
    assert keeper.try_acquire(CLUSTER)
    keeper.release(CLUSTER)
    assert ended == [(CLUSTER, None)]
    assert other.try_acquire(CLUSTER)
    keeper.stop()


def test_every_renewal_makes_work_safe_for_longer(keep: Keep, database: Database) -> None:
    renewals: Queue[float] = Queue()
    keeper = LeaseKeeper(database, lambda _names: None, on_renewed=renewals.put, times=TIMES)
    keeper.start()
    lease = keeper.try_acquire(CLUSTER)
    assert lease is not None
    first, second = renewals.get(timeout=DEADLINE), renewals.get(timeout=DEADLINE)
    assert second > first
    keeper.stop()


def test_when_the_server_hangs_the_owner_gives_up_before_anybody_else_may_begin(
    keep: Keep, fragile: Database, database: Database, relay: Relay
) -> None:
    (keeper, lost), (other, _) = keep(fragile), keep(database)
    lease = keeper.try_acquire(CLUSTER)
    assert lease is not None
    relay.silence()
    assert lost.get(timeout=DEADLINE) == {CLUSTER}
    gave_up = boot_clock.now()
    assert keeper.safe_until(lease) == 0
    assert other.try_acquire(CLUSTER) is None, "nobody has waited for the time of grace yet"
    assert eventually(lambda: other.try_acquire(CLUSTER), seconds=DEADLINE)
    assert boot_clock.now() - gave_up < DEADLINE


def test_a_lease_that_is_renewed_is_never_abandoned_however_long_one_waits(
    keep: Keep, database: Database
) -> None:
    renewals: Queue[float] = Queue()
    keeper = LeaseKeeper(database, lambda _names: None, on_renewed=renewals.put, times=TIMES)
    keeper.start()
    other = keep(database)[0]
    assert keeper.try_acquire(CLUSTER)
    began = boot_clock.now()
    while boot_clock.now() - began < 2 * TIMES.grace:
        renewals.get(timeout=DEADLINE)
        assert other.try_acquire(CLUSTER) is None
    keeper.stop()


def test_an_own_lease_that_was_lost_is_got_back_at_once(keep: Keep, database: Database) -> None:
    keeper, lost = keep(database)
    before = keeper.try_acquire(CLUSTER)
    with database.dedicated() as connection:
        connection.execute(END_SESSION)
    assert lost.get(timeout=DEADLINE) == {CLUSTER}
    after = eventually(lambda: keeper.try_acquire(CLUSTER), seconds=TIMES.grace)
    assert before is not None
    assert after.epoch > before.epoch


def is_held(database: Database) -> bool:
    with database.reading() as connection:
        return lease_rows.is_held(connection, CLUSTER)


def test_everybody_sees_that_a_lease_is_held_until_it_is_given_back(keep: Keep, database: Database) -> None:
    holder, _ = keep(database)
    assert not is_held(database)
    assert holder.try_acquire(CLUSTER)
    assert is_held(database)
    holder.release(CLUSTER)
    assert not is_held(database)


@pytest.mark.parametrize(("seconds", "held"), [(0, True), (8, True), (9, False)])
def test_a_lease_whose_holder_died_counts_until_its_work_has_surely_ended(
    database: Database, seconds: int, held: bool
) -> None:
    row = text(
        "INSERT INTO platz_leases (name, holder, renewed_at)"
        " VALUES (:name, gen_random_uuid(), clock_timestamp() - make_interval(secs => :seconds))"
    )
    with database.transaction() as connection:
        connection.execute(row, {"name": CLUSTER, "seconds": seconds})
    assert is_held(database) is held


def test_the_lease_of_a_copy_that_knows_no_rows_counts(database: Database) -> None:
    lock = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
    with database.reading() as former:
        former.execute(lock, {"name": CLUSTER})
        assert is_held(database)


def test_without_a_database_there_is_no_lease(keep: Keep, fragile: Database, relay: Relay) -> None:
    keeper, lost = keep(fragile)
    relay.refuse()
    assert not keeper.try_acquire(CLUSTER)
    assert lost.empty()
