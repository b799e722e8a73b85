"""What changed, as the database tells it.

Invariant: between the return of `ChangeStream.open` and the error that ends the iteration no committed change is
missed. What happened before, or between two streams, must be caught up by query; so: open, catch up, iterate.

Source: docs/contract/data-model.md, "Change events".
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog

from platz.db import schema
from platz.db.database import Database
from platz.db.deadline import connection_deadline
from platz.db.error_translation import CONNECTION_LOST
from platz.errors import Retryable
from platz.identities import EnvId

EVENT_TABLES = frozenset(schema.metadata.tables) - {schema.user_tokens.name, schema.bot_tokens.name}
"""The tables whose changes are told; the tokens that somebody has are nobody else's business."""

CHANNEL = "db_notifications"
CHECK_SECONDS = 4.0
"""After so much silence the stream asks the server whether it is still there."""

CHECK_TIMEOUT_SECONDS = 5.0
"""How long the server may take to answer that."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RowChange:
    """A row was inserted, updated or deleted. ``env_id`` tells who may see it, None means everybody."""

    table: str
    operation: str
    id: UUID
    env_id: EnvId | None


class ChangeStream:
    """Listens on a connection of its own. One thread opens and iterates; any thread may `stop`."""

    def __init__(
        self,
        database: Database,
        *,
        check_seconds: float = CHECK_SECONDS,
        check_timeout_seconds: float = CHECK_TIMEOUT_SECONDS,
    ) -> None:
        self._database = database
        self._check_seconds = check_seconds
        self._check_timeout_seconds = check_timeout_seconds
        self._connection: psycopg.Connection[Any] | None = None
        self._received: list[psycopg.Notify] = []
        self._bell, self._ear = socket.socketpair()
        self._stopped = False

    def open(self) -> None:
        """Connect, or connect again, and listen. From the return on, every change arrives.

        Raises `Retryable` when the database can't be reached.
        """
        self._hang_up()
        connection = self._database.dedicated()
        try:
            connection.add_notify_handler(self._received.append)
            with connection_deadline(connection, seconds=self._check_timeout_seconds):
                connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as error:
            connection.close()
            raise Retryable(CONNECTION_LOST) from error
        self._connection = connection

    def __iter__(self) -> Iterator[tuple[RowChange, ...]]:
        """Wait for changes and give them in batches, equal updates only once; end after `stop`.

        Raises `Retryable` as soon as the connection is lost, some ten seconds after a silent death.
        """
        connection = self._connection
        if connection is None:
            raise Retryable(CONNECTION_LOST)
        try:
            while not self._stopped:
                if not self._received:  # some may have come along with the answer to LISTEN
                    self._wait(connection)
                if batch := self._take():
                    yield batch
        except psycopg.OperationalError as error:
            raise Retryable(CONNECTION_LOST) from error
        finally:
            self._hang_up()

    def stop(self) -> None:
        """End the iteration, now and for good."""
        self._stopped = True
        with suppress(OSError):  # closed already
            self._bell.send(b".")

    def close(self) -> None:
        """Give back everything; only after the iteration has ended."""
        self._hang_up()
        self._bell.close()
        self._ear.close()

    def _wait(self, connection: psycopg.Connection[Any]) -> None:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        poll.register(self._ear, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(self._check_seconds * 1000)}
        if connection.fileno() in ready:
            connection.pgconn.consume_input()
            while notification := connection.pgconn.notifies():
                self._received.append(_decoded(notification))
        elif not ready:
            with connection_deadline(connection, seconds=self._check_timeout_seconds):
                connection.execute("SELECT 1")

    def _take(self) -> tuple[RowChange, ...]:
        received, self._received[:] = tuple(self._received), []
        return tuple(_without_repeats(change for each in received if (change := parse_change(each.payload))))

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _without_repeats(changes: Iterable[RowChange]) -> Iterator[RowChange]:
    """Leave out updates that were told already. A row that goes may come again, so these are told each time."""
    told: set[RowChange] = set()
    for change in changes:
        if change.operation != "UPDATE" or change not in told:
            told.add(change)
            yield change


def parse_change(payload: str) -> RowChange | None:
    """Read a notification; None, and a line in the log, for one that Platz did not send."""
    try:
        document = json.loads(payload)
        env_id = document.get("env_id")
        return RowChange(
            table=str(document["table"]),
            operation=str(document["operation"]),
            id=UUID(document["data"]["id"]),
            env_id=None if env_id is None else EnvId(UUID(env_id)),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("A change event can't be read", action="skip_event", payload=payload[:200])
        return None


def _decoded(notification: psycopg.pq.PGnotify) -> psycopg.Notify:
    return psycopg.Notify(
        notification.relname.decode(errors="replace"),
        notification.extra.decode(errors="replace"),
        notification.be_pid,
    )
