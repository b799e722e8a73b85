"""The stream of row changes that the database's triggers announce.

Invariant: no committed change is missed between the return of `ChangeStream.open` and the error that ends the
iteration. Earlier changes, and those between two streams, must be read by query; so: open, catch up, iterate.

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

EVENT_TABLES = schema.FORMER_TABLES - {schema.user_tokens.name, schema.bot_tokens.name}
"""The tables whose changes are announced: all that older Platz has, but those of API tokens, which concern only their
owners."""

CHANNEL = "db_notifications"
CHECK_SECONDS = 4.0
"""Seconds without a notification after which the stream checks that the server still responds."""

CHECK_TIMEOUT_SECONDS = 5.0
"""Seconds that the server may take to respond to that check."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RowChange:
    """The insertion, update or deletion of a row; ``env_id`` is the row's environment, None if it has none.

    Who may see a change, also one without an environment, is decided in `platz.access.visibility`.
    """

    table: str
    operation: str
    id: UUID
    env_id: EnvId | None


class ChangeStream:
    """A listener on its own database connection. One thread opens and iterates; any thread may call `stop`."""

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
        """Connect, or connect again, and listen; every change that is committed after the return arrives.

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
        """Wait for changes and yield them in batches, equal updates of a batch only once; end after `stop`.

        Raises `Retryable` when the connection is lost; a server that just falls silent is noticed within about ten
        seconds.
        """
        connection = self._connection
        if connection is None:
            raise Retryable(CONNECTION_LOST)
        try:
            while not self._stopped:
                if not self._received:  # notifications may have arrived together with the response to LISTEN
                    self._wait(connection)
                if batch := self._take():
                    yield batch
        except psycopg.OperationalError as error:
            raise Retryable(CONNECTION_LOST) from error
        finally:
            self._hang_up()

    def stop(self) -> None:
        """End the iteration at once and for good."""
        self._stopped = True
        with suppress(OSError):  # closed already
            self._bell.send(b".")

    def close(self) -> None:
        """Release the connection and the sockets; call it only after the iteration has ended."""
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
    """Leave out repeated updates. Insertions and deletions are all kept: a deleted row may be inserted again."""
    told: set[RowChange] = set()
    for change in changes:
        if change.operation != "UPDATE" or change not in told:
            told.add(change)
            yield change


def parse_change(payload: str) -> RowChange | None:
    """Read a notification; return None, and log it, when it is not in Platz's format."""
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
