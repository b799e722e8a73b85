"""How many tasks may run at once in this process, whatever their cluster."""

from __future__ import annotations

import threading


class ConcurrencyLimit:
    """A counter that never waits: who gets no slot tries again when a task has finished."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._free = limit

    def acquire(self, wanted: int) -> int:
        """Take up to ``wanted`` slots; return how many there were."""
        with self._lock:
            taken = max(0, min(self._free, wanted))
            self._free -= taken
            return taken

    def force_acquire(self, count: int) -> None:
        """Take slots that there may not be: what a predecessor had started goes on at once."""
        with self._lock:
            self._free -= count

    def release(self, count: int) -> None:
        """Return slots."""
        with self._lock:
            self._free += count
