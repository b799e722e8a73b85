"""A bounded queue of live events in which repeated updates of a row become one.

Invariant: events leave in the order in which they came. An UPDATE is dropped only while an UPDATE of the same row (in
the same environment) waits and no other event of that row came after it: the client reads the row when it gets the
waiting event, so it misses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from platz.http.live.frames import LiveEvent


class EventQueue:
    """The queue of one client; not thread-safe."""

    __slots__ = ("_events", "_limit", "_waiting_updates")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[LiveEvent] = deque()
        self._waiting_updates: set[object] = set()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: LiveEvent) -> bool:
        """Append or coalesce the event; return False, and add nothing, when the queue is full."""
        if event.is_update and event.row in self._waiting_updates:
            return True
        if len(self._events) >= self._limit:
            return False
        self._events.append(event)
        (self._waiting_updates.add if event.is_update else self._waiting_updates.discard)(event.row)
        return True

    def take(self) -> LiveEvent:
        """Remove and return the oldest event; raise `IndexError` when there is none."""
        event = self._events.popleft()
        self._waiting_updates.discard(event.row)
        return event

    def take_all(self) -> list[LiveEvent]:
        """Remove and return all events."""
        events = list(self._events)
        self.clear()
        return events

    def keep(self, wanted: Callable[[LiveEvent], bool]) -> None:
        """Drop the events for which the predicate is false."""
        kept = [event for event in self._events if wanted(event)]
        self.clear()
        for event in kept:
            self.add(event)

    def clear(self) -> None:
        """Drop all events."""
        self._events.clear()
        self._waiting_updates.clear()
