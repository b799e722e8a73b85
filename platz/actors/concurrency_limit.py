"""The concurrency limit: how many tasks may run at once in this process, in all clusters together.

Invariant: no call blocks, and no slot stays free while a caller waits for one: a caller that gets fewer slots than it
wanted is woken when slots are released, the longest waiting first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Wake = Callable[[], bool]
"""A function that tells a waiting caller that a slot is free; it returns False if the caller has ended."""


class ConcurrencyLimit:
    """A counter of free slots; safe to use from every thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._free = limit
        self._waiting: dict[Wake, None] = {}  # in the order in which they came

    def acquire(self, wanted: int, *, wake: Wake) -> int:
        """Take up to ``wanted`` slots and return how many were taken; if fewer, ``wake`` is called once, later.

        A caller that was woken must call this again, with 0 if it has nothing left to do, so that the slot goes to
        another caller.
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
        """Take slots even if none is free, for tasks that a predecessor started and that go on at once."""
        with self._lock:
            self._free -= count

    def release(self, count: int) -> None:
        """Give slots back."""
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
