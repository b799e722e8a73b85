"""The pool's counters, and its rules for discarding connections.

Invariant: the pool hands out a connection only when it is new, or is alive, within its lifetime and was not idle for
too long. All checks are local: they look at the socket and the clock, without a round trip.
"""

from __future__ import annotations

import random
import select
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from platz.db.address import PoolLimits

LIFETIME_SPREAD = 0.1
"""The fraction by which lifetimes vary, so that connections opened together do not all end at the same moment."""


@dataclass(frozen=True, kw_only=True)
class PoolStatistics:
    """The pool's figures in docs/contract/http-api.md, "Metrics"; a field is the metric ``platz_db_pool_<field>``."""

    connections: int
    idle_connections: int
    get_direct: int
    get_waited: int
    get_timed_out: int
    get_wait_time_ms: int
    connections_created: int
    connections_closed_broken: int
    connections_closed_invalid: int
    connections_closed_max_lifetime: int
    connections_closed_idle_timeout: int


class PoolCounters:
    """The pool's totals since the start of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._totals: Counter[str] = Counter()
        self._waited_seconds = 0.0

    def add(self, name: str) -> None:
        """Add one to ``name``, a field of `PoolStatistics`."""
        with self._lock:
            self._totals[name] += 1

    def got(self, *, waited: bool, seconds: float) -> None:
        """Count a connection that was handed out; ``waited`` if all were in use, then for ``seconds``."""
        self.add("get_waited" if waited else "get_direct")
        if waited:
            with self._lock:
                self._waited_seconds += seconds

    @contextmanager
    def timing_out(self) -> Generator[None]:
        """Count a timeout when the block ends without a connection."""
        try:
            yield
        except PoolTimeout:
            self.add("get_timed_out")
            raise

    def snapshot(self, *, in_use: int, idle: int) -> PoolStatistics:
        """Return the totals together with the present state of the pool."""
        with self._lock:
            totals, waited = self._totals.copy(), self._waited_seconds
        return PoolStatistics(
            connections=in_use + idle,
            idle_connections=idle,
            get_direct=totals["get_direct"],
            get_waited=totals["get_waited"],
            get_timed_out=totals["get_timed_out"],
            get_wait_time_ms=round(waited * 1000),
            connections_created=totals["connections_created"],
            connections_closed_broken=totals["connections_closed_broken"],
            connections_closed_invalid=totals["connections_closed_invalid"],
            connections_closed_max_lifetime=totals["connections_closed_max_lifetime"],
            connections_closed_idle_timeout=totals["connections_closed_idle_timeout"],
        )


class PoolHealth:
    """The hooks into a pool that record times and check each connection before it is used."""

    def __init__(self, limits: PoolLimits, counters: PoolCounters) -> None:
        self._limits = limits
        self._counters = counters

    def watch(self, engine: Engine) -> None:
        """Attach the hooks to the pool of ``engine``."""
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "checkin", self._returned)
        event.listen(engine, "checkout", self._about_to_be_used)
        event.listen(engine, "invalidate", self._invalidated)

    def _connected(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        spread = 1 - random.random() * LIFETIME_SPREAD  # noqa: S311 - spreads load, guards nothing
        entry.info["is_new"] = True
        entry.info["ends_at"] = time.monotonic() + self._limits.max_lifetime * spread
        self._counters.add("connections_created")

    def _returned(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    def _about_to_be_used(
        self, connection: psycopg.Connection[Any], entry: ConnectionPoolEntry, _proxy: object
    ) -> None:
        """Raise `DisconnectionError` for a connection that must not be used; the pool then replaces it."""
        reason = self._reason_to_replace(connection, entry.info)
        if reason:
            self._counters.add(reason)
            raise DisconnectionError(reason)

    def _reason_to_replace(self, connection: psycopg.Connection[Any], info: dict[Any, Any]) -> str | None:
        if info.pop("is_new", False):
            return None  # the pool would give up if it had to replace a connection that it has just opened
        now = time.monotonic()
        if now >= info["ends_at"]:
            return "connections_closed_max_lifetime"
        if now - info.get("idle_since", now) >= self._limits.idle_timeout:
            return "connections_closed_idle_timeout"
        if not is_alive(connection):
            return "connections_closed_invalid"
        return None

    def _invalidated(self, _connection: object, _entry: object, error: BaseException | None) -> None:
        if not isinstance(error, DisconnectionError):
            self._counters.add("connections_closed_broken")


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the connection is still open, as far as this side knows, without blocking."""
    if connection.closed:
        return False
    try:
        for _ in range(3):  # a last message of the server may precede the end of the stream
            if not _has_input(connection.fileno()):
                return True
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return False


def _has_input(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))
