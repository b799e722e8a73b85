"""A process that is killed while it adopts a former database leaves that database as it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from database import empty_database
from waiting import eventually

from platz.db.database import Database
from platz.db.migrations import migrate
from tests.integration.db.migrations.former_platz import Installation, day

__all__ = ["empty_database"]

ROOT = Path(__file__).parents[3]
ADOPT = """
import sys
from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.migrations import migrate
host, port, name, user, password = sys.argv[1:]
address = DatabaseAddress(host=host, port=int(port), database=name, user=user, password=password)
migrate(Database(address, application_name="adopts"))
"""
WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'adopts' AND wait_event_type = 'Lock'
"""
SESSIONS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'adopts'
"""
RULES = "SELECT count(*) AS triggers FROM pg_trigger WHERE NOT tgisinternal"


@pytest.fixture
def former(empty_database: Database) -> Iterator[Installation]:
    installation = Installation(empty_database)
    installation.build()
    installation.go_back_to("20240911173524addbottokens")
    yield installation
    installation.close()


@pytest.fixture
def obstacle(former: Installation, empty_database: Database) -> Iterator[psycopg.Connection[object]]:
    """Hold the table of leftovers, at which the adoption arrives after it has dropped rules and changed rows."""
    former.execute("""
        CREATE TABLE adoption_leftovers (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name varchar NOT NULL,
            row_as_it_was jsonb NOT NULL, kept_instead uuid, reason varchar NOT NULL)
    """)
    with empty_database.dedicated() as connection:
        connection.autocommit = False
        connection.execute("LOCK TABLE adoption_leftovers")
        yield connection


def begin_adoption(database: Database) -> subprocess.Popen[bytes]:
    address = database.address
    parts = (address.host, str(address.port), address.database, address.user, address.password)
    return subprocess.Popen([sys.executable, "-c", ADOPT, *parts], cwd=ROOT)


def count(database: Database, query: str) -> int:
    with database.dedicated() as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_killed_adoption_leaves_everything_as_it_was_and_can_be_repeated(
    former: Installation, empty_database: Database, obstacle: psycopg.Connection[object]
) -> None:
    twins = [
        former.add("users", display_name="B", email=email, created_at=day(number))
        for number, email in enumerate(("b@x", "B@x"), start=1)
    ]
    former.execute(f"UPDATE users SET is_admin = NULL WHERE id = '{twins[0]}'")
    before = former.rows("users"), former.select(RULES)
    process = begin_adoption(empty_database)
    try:
        eventually(lambda: count(empty_database, WAITS) == 1)  # the adoption is in its middle
    finally:
        process.kill()
        process.wait()
    obstacle.rollback()
    eventually(lambda: count(empty_database, SESSIONS) == 0)  # the server has noticed
    assert (former.rows("users"), former.select(RULES)) == before
    assert former.select("SELECT 1 FROM pg_class WHERE relname = 'alembic_version'") == []
    migrate(empty_database)
    assert [row["id"] for row in former.rows("users") if row["email"].lower() == "b@x"] == [twins[0]]
