"""The check that sessions last, which leases and change events need; a pooler may lend them for a transaction only.

Invariant: the check can't be passed by chance. A notification is heard only by a session that lasts beyond its LISTEN,
whichever connections to the server a pooler has, and a second session must find the first one's lock taken.

Source: docs/contract/http-api.md, "Process configuration".
"""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from typing import Any, Protocol

import psycopg
from sqlalchemy import Connection, text

from platz.db.address import DatabaseAddress
from platz.db.deadline import connection_deadline
from platz.db.error_translation import translate_errors
from platz.errors import PlatzError

HEARD_SECONDS = 5.0
"""How long a notification may take; a session that lasts gets it within milliseconds."""

ANSWER_SECONDS = 10.0

TAKE_LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


class SessionsDoNotLast(PlatzError):
    """A pooler lends sessions for one transaction only."""


class Sessions(Protocol):
    """The part of a `Database` that the check uses."""

    address: DatabaseAddress
    direct: DatabaseAddress | None

    def dedicated(self) -> psycopg.Connection[Any]:
        """Open a connection at the direct address."""
        ...

    def transaction(self) -> AbstractContextManager[Connection]:
        """Provide a pooled connection in a transaction."""
        ...


def check_sessions(database: Sessions, *, heard_seconds: float = HEARD_SECONDS) -> None:
    """Raise `SessionsDoNotLast` unless sessions at the database's direct address last and share its database.

    Raises `DatabaseUnavailable`, also for a server that accepts no changes.
    """
    name = f"platz_probe_{secrets.token_hex(8)}"
    with translate_errors(), database.dedicated() as listening:
        with connection_deadline(listening, seconds=ANSWER_SECONDS):
            listening.execute(f"LISTEN {name}".encode())
            listening.execute(TAKE_LOCK, [name])
        with database.transaction() as other:
            lock_was_free = other.execute(TRY_LOCK, {"name": name}).scalar_one()
            other.execute(text(f"NOTIFY {name}"))
        if lock_was_free or not _hears(listening, heard_seconds):
            raise SessionsDoNotLast(_sentence(database))


def _hears(listening: psycopg.Connection[Any], seconds: float) -> bool:  # Any: the rows have no static types
    """Return whether a notification arrives, without sending anything: a statement would get a session lent again."""
    return bool(list(listening.notifies(timeout=seconds, stop_after=1)))


def _sentence(database: Sessions) -> str:
    if database.direct is not None:
        return (
            f"PLATZ_DATABASE_DIRECT_URL must lead to the server of {database.address} itself, past every pooler:"
            f" {database.direct} does not hear what is told there, or does not keep its locks."
        )
    return (
        f"At {database.address} a pooler lends sessions for one transaction only (in PgBouncer: pool_mode), so change"
        " events and leases would be lost: use pool_mode = session, or name the server itself in"
        " PLATZ_DATABASE_DIRECT_URL."
    )
