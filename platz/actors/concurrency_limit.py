"""How many tasks may run at once in this process, whatever their cluster.

Invariant: nobody waits inside, and no slot stays free while somebody who waits for one could use it: whoever gets fewer
than wanted is woken when slots are given back, those who have waited longest first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Wake = Callable[[], bool]
"""Tells somebody that a slot is free; False when nobody is there any more."""


class ConcurrencyLimit:
    """Counts slots; safe from every thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._free = limit
        self._waiting: dict[Wake, None] = {}  # in the order in which they came

    def acquire(self, wanted: int, *, wake: Wake) -> int:
        """Take up to ``wanted`` slots and return how many there were; with fewer, ``wake`` is called once, later.

        Whoever was woken calls this again, with 0 when there is nothing left to do: the slot is then somebody else's.
        """
        with self._lock:
            self._waiting.pop(wake, None)
            taken = max(0, min(self._free, wanted))
            self._free -= taken
            if taken < wanted:
                self._waiting[wake] = None
        self._wake_those_who_wait()
        return taken

    def force_acquire(self, count: int) -> None:
        """Take slots that there may not be: what a predecessor had started goes on at once."""
        with self._lock:
            self._free -= count

    def release(self, count: int) -> None:
        """Return slots."""
        with self._lock:
            self._free += count
        self._wake_those_who_wait()

    def _wake_those_who_wait(self) -> None:
        with self._lock:
            free = self._free
        while free > 0 and (wake := self._next()) is not None:
            if wake():
                free -= 1

    def _next(self) -> Wake | None:
        with self._lock:
            wake = next(iter(self._waiting), None)
            if wake is not None:
                del self._waiting[wake]
        return wake
