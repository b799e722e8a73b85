"""Access to the database: pooled connections for queries and changes, dedicated ones for leases, events, migrations.

Invariant: on pooled connections, the database's errors that callers must handle are raised as errors of Platz
(`error_translation.py`). A pooled connection that died, grew too old or idled too long is replaced before it is used.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from platz.db.address import DatabaseAddress, PoolLimits, connection_parameters
from platz.db.deadline import BoundedConnection, connection_deadline
from platz.db.error_translation import translate_errors
from platz.db.pool_health import PoolCounters, PoolHealth, PoolStatistics
from platz.db.sessions import session_settings
from platz.db.unreachable import why_unreachable

STATEMENT_GRACE_SECONDS = 5
"""How long a pooled connection still waits for the server after the statement timeout should have fired."""


@dataclass(slots=True)
class _SharedReads:
    """The connection that the reads within one `reading_once` share, once the first of them has taken it."""

    until_end: ExitStack
    connection: Connection | None = None


class _ThreadReads(threading.local):
    """The shared reads of each thread, None outside `reading_once`."""

    reads: _SharedReads | None = None


class Database:
    """A database and its connection pool. Thread-safe; connections are opened when they are needed."""

    def __init__(
        self,
        address: DatabaseAddress,
        limits: PoolLimits | None = None,
        *,
        application_name: str = "platz",
        direct: DatabaseAddress | None = None,
    ) -> None:
        """Take the ``direct`` address for connections outside the pool, past a pooler; by default it is ``address``."""
        self.address = address
        self.direct = direct
        self.limits = limits or PoolLimits()
        self._counters = PoolCounters()
        self._shared = _ThreadReads()
        self._application_name = application_name
        self._engine = self._build_engine()
        self._changing = self._engine.execution_options(isolation_level="READ COMMITTED")
        PoolHealth(self.limits, self._counters).watch(self._engine)

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Provide an autocommit connection for queries: each statement sees the latest committed state."""
        shared = self._shared.reads
        with translate_errors():
            if shared is None:
                with self._checked_out(self._engine) as connection:
                    yield connection
            else:
                shared.connection = shared.connection or shared.until_end.enter_context(
                    self._checked_out(self._engine)
                )
                yield shared.connection

    @contextmanager
    def reading_once(self) -> Generator[None]:
        """Let every `reading` of this thread within the block share one connection, taken at the first of them.

        Meant for short work that reads several times: taking a connection costs as much as a small query.
        """
        outer = self._shared.reads
        with translate_errors(), ExitStack() as until_end:
            self._shared.reads = outer or _SharedReads(until_end=until_end)
            try:
                yield
            finally:
                self._shared.reads = outer

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """Provide a connection in a transaction: the block's end commits it, an exception rolls it back."""
        with translate_errors(), self._checked_out(self._changing) as connection, connection.begin():
            yield connection

    def dedicated(self, *, idle_seconds: float | None = None) -> psycopg.Connection[Any]:
        """Open an autocommit connection outside the pool, without a statement timeout; the caller closes it.

        With ``idle_seconds`` the server ends it after so long without a statement. Raises `DatabaseUnreachable`.
        """
        address = self.direct or self.address
        settings = session_settings.settings_of_dedicated(idle_seconds)
        try:
            connection = psycopg.connect(make_conninfo(**self._parameters_of(address)), autocommit=True)
            deadline = connection_deadline(connection, seconds=self.limits.connect_timeout)
            with _closed_on_failure(connection), deadline:
                session_settings.apply(connection, settings)
        except psycopg.OperationalError as error:
            raise why_unreachable(error, address) from error
        return connection

    def check(self) -> None:
        """Connect once; raise `DatabaseUnreachable` with a sentence that names the address and the reason."""
        self.dedicated().close()

    def warm(self) -> None:
        """Open the minimum number of idle connections (``DB_POOL_MIN_IDLE``)."""
        with translate_errors():
            opened = [self._engine.connect() for _ in range(min(self.limits.min_idle, self.limits.max_size))]
            for connection in opened:
                connection.close()

    def pool_statistics(self) -> PoolStatistics:
        """Return the figures behind the ``platz_db_pool_*`` metrics.

        Source: docs/contract/http-api.md, "Metrics".
        """
        return self._counters.snapshot(in_use=self._pool.checkedout(), idle=self._pool.checkedin())

    def close(self) -> None:
        """Close the idle connections; those in use are closed when they are returned."""
        self._engine.dispose()

    @property
    def _pool(self) -> QueuePool:
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - told to create_engine below
        return pool

    @contextmanager
    def _checked_out(self, engine: Engine) -> Generator[Connection]:
        all_busy = self._pool.checkedout() >= self.limits.max_size
        asked = time.monotonic()
        with self._counters.timing_out():
            connection = engine.connect()
        self._counters.got(waited=all_busy, seconds=time.monotonic() - asked)
        with connection:
            yield connection

    def _build_engine(self) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            isolation_level="AUTOCOMMIT",  # suits reads, which are the majority; `transaction` overrides it
            skip_autocommit_rollback=True,
            connect_args=self._parameters_of(self.address),
            poolclass=QueuePool,
            pool_size=self.limits.max_size,
            max_overflow=0,
            pool_timeout=self.limits.connection_timeout,
            pool_use_lifo=True,  # so that connections that are not needed in a quiet hour stay idle and are discarded
            json_serializer=_dump_json,
            hide_parameters=True,  # values may be secrets, and errors reach the log
        )
        event.listen(engine, "do_connect", self._connect)
        return engine

    # Any: the parameters of a driver's connection are of many types.
    def _connect(
        self, _dialect: Any, _entry: Any, _given: Any, parameters: dict[str, Any]
    ) -> BoundedConnection:
        connection = BoundedConnection.connect(**parameters)
        connection.timeout = self.limits.statement_timeout + STATEMENT_GRACE_SECONDS
        if self.direct is not None:
            connection.prepare_threshold = (
                None  # a pooler may run a prepared statement in a session without it
            )
        with _closed_on_failure(connection):
            connection.autocommit = True
            session_settings.apply(connection, session_settings.settings_of_pooled(self.limits))
            connection.autocommit = False
        return connection

    def _parameters_of(self, address: DatabaseAddress) -> dict[str, str]:
        return connection_parameters(
            address, application_name=self._application_name, connect_timeout=self.limits.connect_timeout
        )


@contextmanager
def _closed_on_failure(
    connection: psycopg.Connection[Any],
) -> Generator[None]:  # Any: the rows have no static types
    """Close the connection when the block fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _dump_json(value: object) -> str:
    """Encode JSON with the standard library, which writes numbers of any size; the fast encoders do not."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
