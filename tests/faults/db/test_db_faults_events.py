"""Given a listener, when its connection breaks in any way, then it reports that in time and receives events again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import pytest
from sqlalchemy import insert
from tcp_relay import Relay

from platz.db import schema
from platz.db.database import Database
from platz.db.events import ChangeStream, RowChange
from platz.errors import Retryable

DEADLINE = 10.0


@pytest.fixture
def stream(fragile: Database) -> Iterator[ChangeStream]:
    listening = ChangeStream(fragile, check_seconds=0.2, check_timeout_seconds=0.5)
    listening.open()
    yield listening
    listening.stop()
    listening.close()


def outcome_of(stream: ChangeStream) -> Queue[object]:
    """Iterate on a thread; return a queue that gets every change, and then how the iteration ended."""
    outcome: Queue[object] = Queue()

    def listen() -> None:
        try:
            for batch in stream:
                for change in batch:
                    outcome.put(change)
        except Retryable as error:
            outcome.put(error)

    threading.Thread(target=listen, daemon=True).start()
    return outcome


def change_something(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(insert(schema.bots).values(display_name="b"))


def test_a_cut_connection_is_noticed(stream: ChangeStream, relay: Relay) -> None:
    outcome = outcome_of(stream)
    relay.cut()
    assert isinstance(outcome.get(timeout=DEADLINE), Retryable)


def test_a_silent_server_is_noticed(stream: ChangeStream, relay: Relay) -> None:
    outcome = outcome_of(stream)
    relay.silence()
    assert isinstance(outcome.get(timeout=DEADLINE), Retryable)


def test_a_quiet_server_is_not_a_silent_one(stream: ChangeStream, database: Database) -> None:
    outcome = outcome_of(stream)
    quiet = threading.Event()
    quiet.wait(0.7)  # the duration of several checks: time itself is tested here
    change_something(database)
    assert isinstance(outcome.get(timeout=DEADLINE), RowChange)


def test_after_opening_again_changes_are_heard(
    stream: ChangeStream, relay: Relay, database: Database
) -> None:
    outcome = outcome_of(stream)
    relay.cut()
    assert isinstance(outcome.get(timeout=DEADLINE), Retryable)
    stream.open()
    change_something(database)
    outcome = outcome_of(stream)
    change = outcome.get(timeout=DEADLINE)
    assert isinstance(change, RowChange)
    assert (change.table, change.operation) == ("bots", "INSERT")


def test_opening_fails_in_time_while_the_server_is_away(stream: ChangeStream, relay: Relay) -> None:
    relay.refuse()
    with pytest.raises(Retryable):
        stream.open()


def test_a_session_that_the_server_ends_is_noticed(stream: ChangeStream, database: Database) -> None:
    outcome = outcome_of(stream)
    with database.dedicated() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fragile'"
            " AND datname = current_database()"
        )
    assert isinstance(outcome.get(timeout=DEADLINE), Retryable)


def test_a_change_during_a_check_is_not_lost(stream: ChangeStream, database: Database) -> None:
    outcome = outcome_of(stream)
    for _ in range(20):
        change_something(database)
    heard = [outcome.get(timeout=DEADLINE) for _ in range(20)]
    assert all(isinstance(change, RowChange) for change in heard)
