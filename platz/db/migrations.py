"""The migration of the database to the schema of this version of Platz, and the way back to the former server.

Invariant: everything happens in one transaction under one lock. Processes that start together wait for each
other, and a migration or hand-back that fails leaves the database as it was.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import errors as pg
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

import platz
from platz.db.adoption.adoption_progress import Progress
from platz.db.adoption.detection import SchemaOrigin, check_not_newer, detect_origin
from platz.db.adoption.hand_back import HandBack, hand_back
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.error_translation import translate_errors
from platz.errors import PlatzError
from platz.shipped_files import shipped

FOLDER = shipped("migrations", package=platz)
LOCK_NAME = "platz:migrations"
LOCK_TIMEOUT = "5min"
"""How long a process waits for another process's migration, or for a table that is in use."""

OLDEST_SERVER = 150000
"""PostgreSQL 15, in the form of `server_version_num`."""


class NothingToHandBack(PlatzError):
    """The database is not one of Platz, or was handed back already; there is nothing to hand back."""


class MigrationFailed(PlatzError):
    """The database could not be brought to the version that Platz needs; it is as it was before."""


def migrate(database: Database, progress: Progress | None = None) -> None:
    """Create, adopt or upgrade the schema; change nothing when it is up to date. ``progress`` is told each step.

    Raises `DatabaseUnavailable` (also when the lock is not free in time), `NotAPlatzDatabase`, `CannotBeAdopted`,
    `NewerSchema` or `MigrationFailed`.
    """
    with _migrating(database) as connection:
        if progress is not None:
            progress.follow(connection)
        _migrate_in(connection)


def hand_back_to_former(database: Database, cipher: Cipher) -> HandBack:
    """Hand the database back to the former server, and return what was done; a failure leaves it as it was.

    Raises what `migrate` raises, `NothingToHandBack`, `StillInUse` or `Undecipherable`.
    """
    with _migrating(database) as connection:
        if detect_origin(connection) is not SchemaOrigin.OURS:
            raise NothingToHandBack
        check_not_newer(connection, known_versions())
        return hand_back(connection, cipher)


def known_versions() -> frozenset[str]:
    """Return every schema version for which this Platz has a migration."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _why_it_failed(error: DBAPIError | psycopg.Error, database: Database) -> MigrationFailed:
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, pg.InsufficientPrivilege):
        return MigrationFailed()
    user, name = database.address.user, database.address.database
    return MigrationFailed(f"User {user} may not create tables in the database {name}.")


@contextmanager
def _migrating(database: Database) -> Generator[Connection]:
    """Provide the one transaction, under the lock; it is rolled back when the block fails."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: _connect(database), poolclass=NullPool)
    try:
        with translate_errors(), engine.begin() as connection:
            _check_server(connection)
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
            connection.execute(lock, {"name": LOCK_NAME})
            yield connection
    except (DBAPIError, psycopg.Error) as error:
        raise _why_it_failed(error, database) from error


def _migrate_in(connection: Connection) -> None:
    if detect_origin(connection) is SchemaOrigin.OURS:
        check_not_newer(connection, known_versions())
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check_server(connection: Connection) -> None:
    if (
        connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
        < OLDEST_SERVER
    ):
        raise MigrationFailed("Platz needs PostgreSQL 15 or newer.")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def _connect(database: Database) -> psycopg.Connection[Any]:
    """Open a connection without a statement timeout, because a migration may take long."""
    connection = database.dedicated()
    connection.autocommit = False
    return connection
