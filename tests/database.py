"""Fixtures: one real PostgreSQL for the whole run, and a fresh, migrated database for each test that asks.

A fresh database is a copy of a template that was migrated once, which takes some tens of milliseconds.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import LiteralString, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from platz.db.address import DatabaseAddress, PoolLimits, connection_parameters
from platz.db.database import Database
from platz.db.migrations import migrate
from platz.sandbox.postgres import EmbeddedPostgres

TEMPLATE = "platz_template"
QUICK = PoolLimits(max_size=20, connection_timeout=5, statement_timeout=20)


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """The server of this test run."""

    address: DatabaseAddress

    def create(self, name: str, *, template: str = "template0") -> DatabaseAddress:
        """Create an empty database, or a copy of another one."""
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return replace(self.address, database=name)

    def drop(self, name: str) -> None:
        """Remove a database and everybody who still uses it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement of administration, with ``names`` in place of its braces."""
        address = replace(self.address, database="postgres")
        parameters = connection_parameters(address, application_name="tests", connect_timeout=5)
        with psycopg.connect(make_conninfo(**parameters), autocommit=True) as connection:
            query = sql.SQL(cast("LiteralString", statement))
            connection.execute(query.format(*(sql.Identifier(name) for name in names)))


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give the server, with a migrated template database in it."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder, free_port(), durable=False)
    server.start()
    try:
        made = PostgresServer(address=server.address)
        template = Database(made.create(TEMPLATE))
        migrate(template)
        template.close()
        yield made
    finally:
        server.stop()


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """Give a fresh, migrated database of the test's own."""
    name = f"test_{next(_NUMBERS)}"
    made = Database(postgres.create(name, template=TEMPLATE), QUICK, application_name="tests")
    yield made
    made.close()
    postgres.drop(name)


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[Database]:
    """Give a database without a single table."""
    name = f"empty_{next(_NUMBERS)}"
    made = Database(postgres.create(name), QUICK, application_name="tests")
    yield made
    made.close()
    postgres.drop(name)


_NUMBERS = count(1)
