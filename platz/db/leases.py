"""Leases on clusters and roles: PostgreSQL advisory locks, held by one dedicated connection.

Invariant: a lease is held exactly as long as the server keeps the session. When the server stops responding, the
keeper gives all leases up and reports it within about six seconds. The server frees the locks of a client that fell
silent only after about ten seconds, so the old owner knows before a new one can begin.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, text

from platz.db.database import Database
from platz.db.deadline import connection_deadline
from platz.errors import Retryable
from platz.identities import ClusterId

CHECK_SECONDS = 2.0
CHECK_TIMEOUT_SECONDS = 4.0

KEY = "hashtextextended(%s, 0)"
"""The SQL expression for the number of an advisory lock, computed from the lease's name."""

HELD = text(f"""
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (classid::bigint << 32 | objid::bigint) = {KEY.replace("%s", ":name")})
""")  # noqa: S608 - a constant

log = structlog.get_logger(__name__)


def cluster_lease(cluster_id: ClusterId) -> str:
    """Return the name of the lease that lets a process serve a cluster."""
    return f"platz:cluster:{cluster_id}"


def is_held(connection: Connection, name: str) -> bool:
    """Return whether any process has the lease."""
    return bool(connection.scalar(HELD, {"name": name}))


class LeaseKeeper:
    """The leases of this process: it takes them, watches over them and gives them back. Thread-safe."""

    def __init__(
        self,
        database: Database,
        on_lost: Callable[[frozenset[str]], None],
        *,
        check_seconds: float = CHECK_SECONDS,
        check_timeout_seconds: float = CHECK_TIMEOUT_SECONDS,
    ) -> None:
        """Take ``on_lost``, which is called with all lost leases, on the thread that noticed; it must not block."""
        self._database = database
        self._on_lost = on_lost
        self._check_seconds = check_seconds
        self._check_timeout_seconds = check_timeout_seconds
        self._connection: psycopg.Connection[Any] | None = None
        self._held: frozenset[str] = frozenset()
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._check_on, name="leases", daemon=True)

    def start(self) -> None:
        """Start to check the connection regularly."""
        self._thread.start()

    def stop(self) -> None:
        """Give back every lease by ending the session; ``on_lost`` is not called."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._forget()

    def held(self) -> frozenset[str]:
        """Return the names of the leases that this process has, without blocking."""
        return self._held

    def try_acquire(self, name: str) -> bool:
        """Take the lease unless another process has it; return whether this process has it now.

        Connects when there is no connection. Returns False when the database can't be reached, too.
        """
        if name in self._held:
            return True
        with self._lock:
            taken = self._ask(f"SELECT pg_try_advisory_lock({KEY})", name)
            if taken:
                self._held |= {name}
        return bool(taken)

    def release(self, name: str) -> None:
        """Give the lease back; do nothing when this process does not have it."""
        with self._lock:
            if name in self._held:
                self._held -= {name}
                self._ask(f"SELECT pg_advisory_unlock({KEY})", name)

    def _check_on(self) -> None:
        while not self._ending.wait(self._check_seconds):
            with self._lock:
                if self._connection is not None:
                    self._ask("SELECT %s::text IS NOT NULL", "alive")

    def _ask(self, query: str, name: str) -> bool | None:
        """Run a query that returns a boolean; return None, and lose all leases, when the server does not respond.

        After `stop`, return None without asking.
        """
        if self._ending.is_set():
            return None
        try:
            connection = self._connected()
            with connection_deadline(connection, seconds=self._check_timeout_seconds):
                row = connection.execute(query.encode(), [name]).fetchone()
        except (psycopg.Error, Retryable) as error:
            self._lose(error)
            return None
        return bool(row and row[0])

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = self._database.dedicated()
        return self._connection

    def _lose(self, error: Exception) -> None:
        lost, was_connected = self._held, self._connection is not None
        self._forget()
        if was_connected:
            log.warning(
                "The connection of the leases is lost", action="lose_leases", error=type(error).__name__
            )
        if lost:
            self._on_lost(lost)

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        self._held = frozenset()
        if connection is not None:
            connection.close()
