"""A client of the live feed that records every event that it receives."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from uuid import uuid4

from acceptance.platz_client import Client
from waiting import eventually
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol


@dataclass(frozen=True, kw_only=True)
class Event:
    """One frame from the server."""

    operation: str
    table: str
    env_id: str | None
    id: str


class EventRecorder:
    """A WebSocket connection with a token that subscribes to tables, for use in a `with` block."""

    def __init__(self, client: Client, tables: Sequence[str]) -> None:
        self._client = client
        self._tables = (*tables, "bots")
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._closed: ConnectionClosed | None = None
        self._stack = ExitStack()
        self._connection: ClientConnection | None = None
        self._thread = threading.Thread(target=self._read, name="event-recorder", daemon=True)

    def __enter__(self) -> EventRecorder:
        protocols = [Subprotocol("platz-auth-bearer"), Subprotocol(self._client.token)]
        url = f"{self._client.url.replace('http', 'ws', 1)}/api/v2/ws"
        self._connection = self._stack.enter_context(connect(url, subprotocols=protocols, open_timeout=10))
        assert self._connection.subprotocol == "platz-auth-bearer"
        for table in self._tables:
            self._connection.send(json.dumps({"type": "subscribe", "table": table}))
        self._thread.start()
        self._wait_until_subscribed()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        self._thread.join(timeout=10)

    @property
    def events(self) -> list[Event]:
        with self._changed:
            return list(self._events)

    def saw(self, operation: str, table: str, row_id: str | None = None, *, seconds: float = 10) -> Event:
        """Wait for such an event; return the first one."""

        def look() -> Event | None:
            return next(
                (
                    event
                    for event in self.events
                    if (event.operation, event.table) == (operation, table) and row_id in {None, event.id}
                ),
                None,
            )

        return eventually(look, seconds=seconds)

    def wait_until_closed(self, *, seconds: float) -> ConnectionClosed:
        """Wait until the server closes the connection; return how it did."""
        return eventually(lambda: self._closed, seconds=seconds)

    def _wait_until_subscribed(self) -> None:
        """Wait for the subscriptions, which are not confirmed: change the last table until an event reports it."""

        def look() -> bool:
            self._client.post("/bots", {"display_name": f"Probe {uuid4()}"})
            return any(event.table == "bots" for event in self.events)

        eventually(look, seconds=10, every=0.1)

    def _read(self) -> None:
        assert self._connection is not None
        try:
            for frame in self._connection:
                document = json.loads(frame)
                event = Event(
                    operation=document["operation"],
                    table=document["table"],
                    env_id=document["env_id"],
                    id=document["data"]["id"],
                )
                with self._changed:
                    self._events.append(event)
            self._closed = self._connection.protocol.close_exc  # a normal closure raises nothing
        except ConnectionClosed as closed:
            self._closed = closed
