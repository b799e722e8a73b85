"""Fixtures: one real PostgreSQL server for the whole run, and a fresh, migrated database for each test that needs one.

A fresh database takes some milliseconds: it is a copy of a template that was migrated once, or an emptied database of
an earlier test. If a test changed the schema, its database is dropped instead of emptied.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import LiteralString, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from platz.db.address import DatabaseAddress, PoolLimits, connection_parameters
from platz.db.database import Database
from platz.db.migrations import FOLDER, migrate
from platz.db.schema import metadata
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres

TEMPLATE = "platz_template"
SEED = FOLDER / "sql" / "0001_seed.sql"
END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCHEMA_PICTURE = """
    SELECT (SELECT min(version_num) FROM alembic_version),
        (SELECT array_agg(x ORDER BY x) FROM (
            SELECT relname::text AS x FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT attrelid::regclass || '.' || attname || attnotnull::text FROM pg_attribute
                WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
            UNION ALL SELECT tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT proname || md5(prosrc) FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace) AS names)
"""
QUICK = PoolLimits(max_size=20, connection_timeout=5, statement_timeout=20)


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """The PostgreSQL server of this test run."""

    address: DatabaseAddress
    picture: tuple[object, ...] | None = None
    emptied: list[DatabaseAddress] = field(default_factory=list)

    def create(self, name: str, *, template: str = "template0") -> DatabaseAddress:
        """Create an empty database, or a copy of another one."""
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return replace(self.address, database=name)

    def take(self) -> DatabaseAddress:
        """Return the address of a migrated database that no test uses."""
        if self.emptied:
            return self.emptied.pop()
        return self.create(f"test_{next(_NUMBERS)}", template=TEMPLATE)

    def give_back(self, address: DatabaseAddress) -> None:
        """Empty a database for the next test, or drop it if its schema has changed."""
        parameters = connection_parameters(address, application_name="tests", connect_timeout=5)
        with psycopg.connect(make_conninfo(**parameters)) as connection:
            connection.execute(END_OTHER_SESSIONS)
            if connection.execute(SCHEMA_PICTURE).fetchone() == self.picture:
                connection.execute("SET LOCAL session_replication_role = replica")
                for table in metadata.tables:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute(SEED.read_bytes())
                self.emptied.append(address)
                return
        self.drop(address.database)

    def drop(self, name: str) -> None:
        """Drop a database, ending all sessions that still use it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def execute(self, statement: str, *names: str) -> None:
        """Run one administrative statement, with ``names`` in place of its braces."""
        address = replace(self.address, database="postgres")
        parameters = connection_parameters(address, application_name="tests", connect_timeout=5)
        with psycopg.connect(make_conninfo(**parameters), autocommit=True) as connection:
            query = sql.SQL(cast("LiteralString", statement))
            connection.execute(query.format(*(sql.Identifier(name) for name in names)))


def free_port() -> int:
    """Return a port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server that has a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder, free_port(), durable=False)
    server.start()
    try:
        template = Database(PostgresServer(address=server.address).create(TEMPLATE))
        migrate(template)
        with template.dedicated() as connection:
            picture = connection.execute(SCHEMA_PICTURE).fetchone()
        template.close()
        yield PostgresServer(address=server.address, picture=picture)
    finally:
        server.stop()


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """A fresh, migrated database for this test only."""
    address = postgres.take()
    made = Database(address, QUICK, application_name="tests")
    yield made
    made.close()
    postgres.give_back(address)


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[Database]:
    """A database without any tables."""
    name = f"empty_{next(_NUMBERS)}"
    made = Database(postgres.create(name), QUICK, application_name="tests")
    yield made
    made.close()
    postgres.drop(name)


_NUMBERS = count(1)
