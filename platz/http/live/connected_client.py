"""A connected client of live events: its rights, its subscriptions, its queue and its end.

Invariant: at most `QUEUE_LIMIT` events wait for a client; one that falls further behind is disconnected, so its cost is
bounded and it delays nobody. What the client has missed before is told first, and does not count. Used on the event
loop only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from platz import metrics
from platz.access.authentication import Authenticated
from platz.access.visibility import Scope
from platz.db.events import RowChange
from platz.http.live.event_queue import EventQueue
from platz.http.live.frames import LiveEvent, Subscribe, Unsubscribe
from platz.http.live.subscriptions import Subscriptions
from platz.identities import Identity

QUEUE_LIMIT = 1024


@dataclass(frozen=True, kw_only=True)
class CloseReason:
    """Why the server closes a connection: the WebSocket close code and a word for client, log and metric."""

    code: int
    reason: str


FELL_BEHIND = CloseReason(code=1013, reason="fell behind")
CHANGES_MISSED = CloseReason(code=1012, reason="changes were missed: read anew")
RIGHTS_GONE = CloseReason(code=1008, reason="sign in again")
TOKEN_EXPIRED = CloseReason(code=1008, reason="token expired")
TOO_MANY_SUBSCRIPTIONS = CloseReason(code=1008, reason="too many subscriptions")
FRAME_TOO_LONG = CloseReason(code=1009, reason="frame too long")
SERVER_FAILED = CloseReason(code=1011, reason="server failed")


class LiveClient:
    """The state that the feed and the connection's two tasks share."""

    __slots__ = (
        "_ended",
        "_missed",
        "_queue",
        "_wake",
        "authenticated",
        "key_fingerprint",
        "scope",
        "subscriptions",
    )

    def __init__(
        self, authenticated: Authenticated, scope: Scope, *, key_fingerprint: str, everything: bool
    ) -> None:
        """With ``everything``, the client is subscribed to all that its scope permits until its first subscription."""
        self.authenticated = authenticated
        self.scope = scope
        self.key_fingerprint = key_fingerprint
        self.subscriptions = Subscriptions(everything=everything)
        self._missed: deque[RowChange] = deque()
        self._queue = EventQueue(QUEUE_LIMIT)
        self._wake = asyncio.Event()
        self._ended: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()

    @property
    def identity(self) -> Identity:
        """The identity of the client."""
        return self.authenticated.identity

    def wants(self, event: LiveEvent) -> bool:
        """Tell whether the client asked for this event and may see it now."""
        return self.subscriptions.want(event.table, event.env_id) and self.scope.sees_change(
            event.table, event.env_id
        )

    def offer(self, event: LiveEvent) -> None:
        """Queue the event, or disconnect the client when its queue is full."""
        if self._ended.done():
            return
        if self._queue.add(event):
            self._wake.set()
        else:
            self.end(FELL_BEHIND)

    def bring_up_to_date(self, missed: Iterable[RowChange]) -> None:
        """Tell the client, before any event that waits, what it has missed of what it asked for."""
        if not self._ended.done():
            self._missed.extend(
                change for change in missed if self.subscriptions.want(change.table, change.env_id)
            )
            self._wake.set()

    async def next_message(self) -> dict[str, Any]:
        """Wait for the next frame to send."""
        while True:
            if self._missed:
                return LiveEvent(self._missed.popleft()).message
            if self._queue:
                return self._queue.take().message
            self._wake.clear()
            await self._wake.wait()

    def change_scope(self, scope: Scope) -> None:
        """Replace the rights, and apply them to the events that wait."""
        if scope != self.scope:
            self.scope = scope
            self._queue.keep(lambda event: scope.sees_change(event.table, event.env_id))
            self._missed = deque(
                change
                for change in self._missed
                if change.operation == "DELETE" or scope.sees_change(change.table, change.env_id)
            )

    def subscribe(self, wish: Subscribe | Unsubscribe) -> None:
        """Apply a subscription frame; raise `TooManySubscriptions`."""
        self.subscriptions.apply(wish)

    def has_expired(self, now: datetime) -> bool:
        """Tell whether the credential has expired."""
        expires_at = self.authenticated.expires_at
        return expires_at is not None and expires_at <= now

    def end(self, close_reason: CloseReason) -> None:
        """Make the connection close; the first reason counts. No more events are sent to the client."""
        if not self._ended.done():
            self._queue.clear()
            self._missed.clear()
            self._ended.set_result(close_reason)
            metrics.live_clients_dropped.labels(close_reason.reason).inc()

    @property
    def close_reason(self) -> CloseReason | None:
        """Why the server closes the connection; None while it does not."""
        return self._ended.result() if self._ended.done() else None

    async def wait_for_end(self) -> None:
        """Wait until the server decides to close the connection."""
        await asyncio.shield(self._ended)
