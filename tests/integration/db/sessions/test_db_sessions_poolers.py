"""Behind a pooler: one that lends sessions by transaction is refused, unless the server itself is named, too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from database import PostgresServer
from poolers import POOLERS, pgbouncer
from sqlalchemy import text, update
from waiting import eventually

from platz.db import schema
from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.events import ChangeStream
from platz.db.leases import LeaseKeeper
from platz.db.sessions.pooler_probe import SessionsDoNotLast, check_sessions
from tests.integration.db.db_rows import Ground, lay_ground

SOON = 0.5
"""Enough for a notification on one machine; nothing is waited for when it comes."""


@pytest.fixture(params=POOLERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[1, 2, 5])
def pooled(
    request: pytest.FixtureRequest, kind: str, database: Database, tmp_path: Path
) -> Iterator[DatabaseAddress]:
    """The test's database behind a pooler by transaction that has a few sessions."""
    with POOLERS[kind](database.address, sessions=request.param, folder=tmp_path) as address:
        yield address


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


def test_the_server_itself_passes(database: Database) -> None:
    check_sessions(database)


def test_a_pooler_by_transaction_is_refused_with_what_to_do(pooled: DatabaseAddress) -> None:
    behind = Database(pooled)
    with pytest.raises(SessionsDoNotLast, match=r"pool_mode = session.*PLATZ_DATABASE_DIRECT_URL"):
        check_sessions(behind, heard_seconds=SOON)
    behind.close()


def test_with_the_server_s_own_address_it_passes(pooled: DatabaseAddress, database: Database) -> None:
    behind = Database(pooled, direct=database.address)
    check_sessions(behind)
    behind.close()


def test_then_the_pool_events_and_leases_work(
    pooled: DatabaseAddress, database: Database, ground: Ground
) -> None:
    behind = Database(pooled, direct=database.address)
    stream = ChangeStream(behind)
    stream.open()
    for name in "abcdefgh":  # more often than the driver runs a statement before it prepares it
        with behind.transaction() as connection:
            connection.execute(update(schema.envs).where(schema.envs.c.id == ground.env).values(name=name))
        with behind.reading() as connection:
            query = text("SELECT name FROM envs WHERE id = :env")
            assert connection.execute(query, {"env": ground.env}).scalar_one() == name
    assert {change.table for change in next(iter(stream))} == {"envs"}
    stream.close()
    mine, others = (LeaseKeeper(behind, lambda _lost: None) for _ in range(2))
    assert mine.try_acquire("charts")
    assert not others.try_acquire("charts")
    mine.stop()
    assert eventually(lambda: others.try_acquire("charts"))
    others.stop()
    behind.close()


def test_a_direct_address_of_another_database_is_refused(
    database: Database, postgres: PostgresServer
) -> None:
    elsewhere = postgres.create("elsewhere")
    wrong = Database(database.address, direct=elsewhere)
    with pytest.raises(SessionsDoNotLast, match="does not hear what is told there"):
        check_sessions(wrong, heard_seconds=SOON)
    wrong.close()
    postgres.drop("elsewhere")


def test_a_direct_address_that_leads_to_the_pooler_is_refused(pooled: DatabaseAddress) -> None:
    twice = Database(pooled, direct=pooled)
    with pytest.raises(SessionsDoNotLast, match="PLATZ_DATABASE_DIRECT_URL must lead to the server"):
        check_sessions(twice, heard_seconds=SOON)
    twice.close()


@pytest.mark.parametrize("mode", ["session"] if shutil.which("pgbouncer") else [])
def test_a_pooler_by_session_passes(mode: str, database: Database, tmp_path: Path) -> None:
    with pgbouncer(database.address, sessions=10, folder=tmp_path, mode=mode) as address:
        behind = Database(address)
        check_sessions(behind)
        with behind.reading() as connection:
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "30s"
            assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"
        behind.close()


def test_every_session_has_its_settings(database: Database) -> None:
    with database.transaction() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "timezone",
                "search_path",
                "jit",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    assert shown == {
        "timezone": "UTC",
        "search_path": "public",
        "jit": "off",
        "statement_timeout": "20s",
        "idle_in_transaction_session_timeout": "1min",
    }
    with database.dedicated() as connection:
        for name, value in (
            ("timezone", "UTC"),
            ("statement_timeout", "0"),
            ("search_path", "public"),
            ("jit", "off"),
        ):
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == (value,)
