"""Given a pool, when connections die, age or run out, then callers get a live connection or one clear error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, text
from tcp_relay import Relay

from platz.db import schema
from platz.db.address import PoolLimits
from platz.db.database import Database
from platz.db.unreachable import DatabaseUnavailable
from platz.errors import Conflict, Rejected


@contextmanager
def with_limits(database: Database, **limits: float) -> Iterator[Database]:
    made = Database(database.address, replace(PoolLimits(), **limits))  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def session(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def use_while(database: Database, happening: Callable[[], object]) -> None:
    """Write twice in one transaction, and call ``happening`` between the writes."""
    with database.transaction() as connection:
        connection.execute(insert(schema.bots).values(display_name="b"))
        happening()
        connection.execute(insert(schema.bots).values(display_name="c"))


def test_a_connection_is_used_again(database: Database) -> None:
    assert session(database) == session(database)
    statistics = database.pool_statistics()
    assert (statistics.connections, statistics.idle_connections, statistics.get_direct) == (1, 1, 2)


def test_after_a_restart_of_the_server_nobody_notices(fragile: Database, relay: Relay) -> None:
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(fragile.reading())
    relay.cut()
    for _ in range(3):
        session(fragile)
    assert fragile.pool_statistics().connections_closed_invalid >= 1
    assert fragile.pool_statistics().connections_closed_broken == 0


def test_a_connection_that_breaks_while_it_is_used_is_a_retryable_error(
    fragile: Database, relay: Relay
) -> None:
    with pytest.raises(DatabaseUnavailable, match="connection to the database was lost"):
        use_while(fragile, relay.cut)
    assert fragile.pool_statistics().connections_closed_broken == 1
    session(fragile)


def test_a_server_that_is_away_is_a_retryable_error(fragile: Database, relay: Relay) -> None:
    relay.refuse()
    with pytest.raises(DatabaseUnavailable):
        session(fragile)


def test_when_all_connections_are_busy_the_caller_waits_and_then_is_told(fragile: Database) -> None:
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(fragile.reading())
        with pytest.raises(DatabaseUnavailable, match="connections are busy"):
            session(fragile)
    statistics = fragile.pool_statistics()
    assert (statistics.get_timed_out, statistics.get_waited, statistics.connections) == (1, 0, 3)


def test_a_wait_for_a_connection_is_measured(database: Database) -> None:
    with with_limits(database, max_size=1) as narrow:
        waiting, done = threading.Event(), threading.Event()

        def wait() -> None:
            waiting.set()
            session(narrow)
            done.set()

        with narrow.reading():
            thread = threading.Thread(target=wait)
            thread.start()
            assert waiting.wait(5)
            assert not done.wait(0.1)
        thread.join()
        statistics = narrow.pool_statistics()
    assert statistics.get_waited == 1
    assert statistics.get_wait_time_ms >= 50


def test_a_connection_that_idled_too_long_is_replaced(database: Database) -> None:
    with with_limits(database, idle_timeout=0) as impatient:
        assert session(impatient) != session(impatient)
        assert impatient.pool_statistics().connections_closed_idle_timeout == 1


def test_a_connection_that_is_too_old_is_replaced(database: Database) -> None:
    with with_limits(database, max_lifetime=0) as short:
        assert session(short) != session(short)
        assert short.pool_statistics().connections_closed_max_lifetime >= 1


def test_the_pool_can_be_warmed(database: Database) -> None:
    with with_limits(database, min_idle=2) as warm:
        warm.warm()
        assert warm.pool_statistics().idle_connections == 2


def test_a_statement_without_end_is_ended(database: Database) -> None:
    with (
        with_limits(database, statement_timeout=0.2) as short,
        pytest.raises(DatabaseUnavailable, match="too long"),
        short.reading() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(60)"))


def test_a_transaction_is_committed_at_the_end(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(insert(schema.bots).values(display_name="b"))
    with database.reading() as connection:
        assert connection.execute(select(schema.bots.c.display_name)).scalars().all() == ["b"]


def test_an_exception_rolls_a_transaction_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        use_while(database, lambda: 1 / 0)
    with database.reading() as connection:
        assert connection.execute(select(schema.bots)).all() == []


def test_times_are_read_in_utc(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"


@pytest.mark.parametrize(
    ("statement", "error", "sentence"),
    [
        ("INSERT INTO envs (name) VALUES ('DEFAULT')", Conflict, "an environment with this name"),
        (
            "INSERT INTO secrets (env_id, collection, name, contents) VALUES (gen_random_uuid(), 'c', 'n', 'x')",
            Rejected,
            r"unknown reference \(env_id\)",
        ),
        ("INSERT INTO bots DEFAULT VALUES", Rejected, "display_name is required"),
        ("SELECT 1 / 0", Rejected, "can't be stored"),
        ("INSERT INTO bots (id, display_name) VALUES ('x', 'b')", Rejected, "can't be stored"),
        ('SELECT \'{"a": "\\u0000"}\'::jsonb', Rejected, "can't be stored"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", DatabaseUnavailable, "try again"),
    ],
)
def test_what_the_database_says_becomes_a_sentence(
    database: Database, statement: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence), database.transaction() as connection:
        connection.exec_driver_sql(statement)


def test_deleting_what_is_referenced_is_a_conflict(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO deployment_kinds (id, name) VALUES (gen_random_uuid(), 'Shop')"
        )
        connection.exec_driver_sql(
            "INSERT INTO helm_registries (domain_name, repo_name, kind_id) SELECT 'r', 's', id FROM deployment_kinds"
        )
    with pytest.raises(Conflict, match="still in use"), database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM deployment_kinds")


def test_a_word_that_a_column_does_not_know_is_rejected(database: Database) -> None:
    with pytest.raises(Rejected, match="can't be stored"), database.transaction() as connection:
        connection.execute(insert(schema.env_user_permissions).values(role="Root"))


def test_a_defect_of_platz_is_not_disguised(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table"), database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_values_do_not_reach_the_text_of_an_error(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught, database.reading() as connection:
        connection.execute(text("SELECT * FROM no_such_table WHERE a = :value"), {"value": "hunter2"})
    assert "hunter2" not in str(caught.value)
