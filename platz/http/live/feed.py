"""`LiveFeed`: passes row changes on to the clients that may see them and asked for them.

Invariant: a client gets an event only if its rights permit it when the event is passed on. Rights are read again before
the events that follow a change of rights, and all rights every few seconds, in case such a change was not announced.
While rights can't be read, no event is passed on. No client that missed an event stays connected: when the feed may
have missed one, every client is disconnected, and is brought up to date when it connects again. A client whose rights
changed is told what it sees now, and what it does not see any more, before any event that came later. Everything but
`publish`, `resynchronise` and the reading of the database happens on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import structlog
from anyio.to_thread import run_sync

from platz import metrics
from platz.db.events import RowChange
from platz.errors import PlatzError
from platz.http.live import connected_client as close_reasons
from platz.http.live.connected_client import CloseReason, LiveClient
from platz.http.live.event_queue import EventQueue
from platz.http.live.frames import LiveEvent
from platz.http.live.gaps import Gap, gap_of_page, nothing_missed
from platz.http.live.rights import CurrentRights, may_have_lost_rights
from platz.identities import Identity

BACKLOG_LIMIT = 100_000
"""How many events may wait to be passed on; with more, every client is disconnected, and loads anew."""
SWEEP_SECONDS = 3.0
"""Seconds between two readings of all rights, so that a revoked right works for less than five seconds."""
RIGHTS_TIMEOUT = 5.0
RETRY_SECONDS = 0.5
_DELIVERIES_PER_TURN = 500
"""How many events are delivered before other work of the event loop gets its turn."""

ReadRights = Callable[[Iterable[Identity]], CurrentRights]
ReadMissed = Callable[[Sequence[Gap]], Sequence[Sequence[RowChange]]]
Asked = TypeVar("Asked")
Told = TypeVar("Told")
log = structlog.get_logger()


class LiveFeed:
    """The hub between the change events of the database and the WebSocket connections."""

    def __init__(
        self,
        read_rights: ReadRights,
        read_missed: ReadMissed = nothing_missed,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        """``read_rights`` and ``read_missed`` block and are called on a thread, one call at a time."""
        self._read_rights = read_rights
        self._read_missed = read_missed
        self._sweep_seconds = sweep_seconds
        self._clients: set[LiveClient] = set()
        self._doubtful: set[LiveClient] = set()
        self._gaps: dict[LiveClient, Gap] = {}
        self._lock = threading.Lock()
        self._backlog = EventQueue(BACKLOG_LIMIT)
        self._rights_changes: list[Callable[[LiveClient], bool]] = []
        self._incomplete: CloseReason | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._one_reader: anyio.CapacityLimiter | None = None
        self._next_sweep = 0.0

    def publish(self, changes: Sequence[RowChange]) -> None:
        """Take committed changes; any thread may call, and never waits."""
        with self._lock:
            loop = self._loop
            if loop is None or loop.is_closed():
                self._backlog.clear()  # nobody is connected
                return
            for change in changes:
                self._take(change)
        _call_soon(loop, self._work.set)

    def resynchronise(self) -> None:
        """Disconnect every client, because changes may have been missed; each connects and loads anew. Thread-safe."""
        with self._lock:
            self._incomplete = close_reasons.CHANGES_MISSED
            loop = self._loop
        if loop is not None:
            _call_soon(loop, self._work.set)

    def join(self, client: LiveClient) -> None:
        """Start passing events on to a client; its rights are read once more before the first."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._settle_on(loop)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run(), name="live-feed")
            self._worker.add_done_callback(_retrieve_failure)
        self._clients.add(client)
        self._doubtful.add(client)
        page = client.authenticated.page
        if page is not None and client.subscriptions.everything:
            self._gaps[client] = gap_of_page(page, client.scope)
        self._work.set()
        metrics.live_clients.set(len(self._clients))

    def leave(self, client: LiveClient) -> None:
        """Forget a client whose connection is over."""
        self._clients.discard(client)
        self._doubtful.discard(client)
        self._gaps.pop(client, None)
        metrics.live_clients.set(len(self._clients))

    def _settle_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start over on the loop of a web server that has just started; the previous loop is gone."""
        with self._lock:
            self._loop = loop
            self._backlog.clear()
            self._rights_changes.clear()
            self._incomplete = None
        self._clients, self._doubtful, self._gaps = set(), set(), {}
        self._work = asyncio.Event()
        self._one_reader = anyio.CapacityLimiter(1)
        self._worker = None

    def _take(self, change: RowChange) -> None:
        touches = may_have_lost_rights(change)
        if touches is not None:
            self._rights_changes.append(touches)
        if not self._backlog.add(LiveEvent(change)):
            self._incomplete = close_reasons.FELL_BEHIND

    async def _run(self) -> None:
        """Run until cancelled; after a failure every client is disconnected and connects to a feed that starts over."""
        try:
            while True:
                await self._turn()
        except Exception:
            log.exception("Live events failed", action="live_feed_failed")
            self._end_all(close_reasons.SERVER_FAILED)
            raise

    async def _turn(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._sweep_seconds):
                await self._work.wait()
        self._work.clear()
        self._sweep()
        events = self._next_events()
        await self._settle_rights()
        await self._deliver(events)

    def _sweep(self) -> None:
        """Every few seconds, disconnect clients with an expired token and mark all rights as doubtful."""
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + self._sweep_seconds
        now = datetime.now(UTC)
        for client in list(self._clients):
            if client.has_expired(now):
                self._end(client, close_reasons.TOKEN_EXPIRED)
        self._doubtful |= self._clients

    def _next_events(self) -> list[LiveEvent]:
        with self._lock:
            events, changes = self._backlog.take_all(), self._rights_changes
            self._rights_changes = []
            incomplete, self._incomplete = self._incomplete, None
        if incomplete is not None:
            self._end_all(incomplete)
        self._doubtful.update(
            client for client in self._clients if any(touches(client) for touches in changes)
        )
        return events

    async def _settle_rights(self) -> None:
        """Wait until the rights of no client are in doubt and none has missed anything, also of those that join now."""
        while self._doubtful or self._gaps:
            try:
                await self._refresh_rights()
                await self._close_gaps()
            except (PlatzError, TimeoutError) as error:
                log.warning(
                    "rights can't be read; live events wait", action="live_rights_unknown", error=str(error)
                )
                await asyncio.sleep(RETRY_SECONDS)
                self._sweep()

    async def _refresh_rights(self) -> None:
        """Read the rights of the clients whose rights are in doubt; raise `PlatzError` or `TimeoutError`."""
        doubtful = list(self._doubtful)
        if not doubtful:
            return
        rights = await self._read(self._read_rights, {client.identity for client in doubtful})
        for client in doubtful:
            self._apply(client, rights)
        self._doubtful.difference_update(doubtful)

    async def _close_gaps(self) -> None:
        """Tell clients what they have missed; raise `PlatzError` or `TimeoutError`."""
        gaps = {client: gap for client, gap in self._gaps.items() if client not in self._doubtful}
        if not gaps:
            return
        missed = await self._read(self._read_missed, list(gaps.values()))
        for (client, gap), changes in zip(gaps.items(), missed, strict=True):
            if self._gaps.get(client) is gap:
                del self._gaps[client]
                client.bring_up_to_date(changes)

    async def _read(self, read: Callable[[Asked], Told], asked: Asked) -> Told:
        async with asyncio.timeout(RIGHTS_TIMEOUT):
            return await run_sync(read, asked, abandon_on_cancel=True, limiter=self._one_reader)

    def _apply(self, client: LiveClient, rights: CurrentRights) -> None:
        scope = rights.scopes.get(client.identity)
        if scope is None or client.key_fingerprint != rights.key_fingerprint:
            self._end(client, close_reasons.RIGHTS_GONE)
            return
        known = self._gaps.pop(client, Gap(before=client.scope, now=scope, since=None))
        gap = replace(known, now=scope)
        if not gap.is_empty and client in self._clients:
            self._gaps[client] = gap
        client.change_scope(scope)

    async def _deliver(self, events: Iterable[LiveEvent]) -> None:
        deliveries = 0
        for event in events:
            for client in self._clients:
                if client.wants(event):
                    client.offer(event)
                    deliveries += 1
            if deliveries >= _DELIVERIES_PER_TURN:
                metrics.live_deliveries.inc(deliveries)
                deliveries = 0
                await asyncio.sleep(0)
                await self._settle_rights()
        metrics.live_deliveries.inc(deliveries)

    def _end(self, client: LiveClient, close_reason: CloseReason) -> None:
        client.end(close_reason)
        self.leave(client)

    def _end_all(self, close_reason: CloseReason) -> None:
        for client in list(self._clients):
            self._end(client, close_reason)


def _retrieve_failure(worker: asyncio.Task[None]) -> None:
    """Retrieve the failure, which is logged already, so that asyncio does not complain."""
    if not worker.cancelled():
        worker.exception()


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is connected any more
        loop.call_soon_threadsafe(callback)
