"""The settings of each session, made by statements after connecting, because poolers refuse them as connection options.

Invariant: every session of Platz has the time zone UTC, finds its tables in the schema `public`, and compiles nothing.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from platz.db.address import PoolLimits

EVERY_SESSION: dict[LiteralString, int | str] = {"timezone": "UTC", "search_path": "public", "jit": "off"}
"""Without `jit`, because compiling a statement that selects a few rows takes longer than running it."""

SILENT_CLIENT: dict[LiteralString, int | str] = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 11000,
}
"""Settings by which the server ends a session, and with it its leases, about 11 s after the client vanished."""

IDLE_IN_TRANSACTION_SECONDS = 60
"""After so long without a statement, the server ends an open transaction and frees its locks."""

SERVER_SIDE_GRACE_SECONDS = 60
"""How long after the pool's idle timeout the server closes an idle session by itself."""


def settings_of_dedicated(idle_seconds: float | None = None) -> dict[LiteralString, int | str]:
    """Return the settings of a connection outside the pool, which has no timeouts but ``idle_seconds``, if given."""
    timeout = 0 if idle_seconds is None else round(idle_seconds * 1000)
    return {**EVERY_SESSION, **SILENT_CLIENT, "idle_session_timeout": timeout}


def settings_of_pooled(limits: PoolLimits) -> dict[LiteralString, int | str]:
    """Return the settings of a pooled connection."""
    seconds: dict[LiteralString, float] = {
        "statement_timeout": limits.statement_timeout,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS,
        "idle_session_timeout": limits.idle_timeout + SERVER_SIDE_GRACE_SECONDS,
    }
    return {**EVERY_SESSION, **{name: round(value * 1000) for name, value in seconds.items()}}


# Any: a connection's rows have no static types.
def apply(connection: psycopg.Connection[Any], settings: dict[LiteralString, int | str]) -> None:
    """Make the settings, with one round trip; the connection must be in autocommit mode."""
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()).encode())
