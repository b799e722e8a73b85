"""The circuit breaker of a cluster: an unreachable cluster is not tried by all its watches at once.

Invariant: after several failures in a row only one caller at a time tries, after a pause that grows with jitter;
one success closes the breaker again. Each cluster has a breaker of its own, so a dead one slows no other.
"""

from __future__ import annotations

import threading
import time

from platz.backoff import Backoff

CLUSTER_BACKOFF = Backoff(first=0.5, limit=5.0)
"""The pauses between attempts (docs/contract/workers.md, "Watches of a cluster"). The limit is short, so that
a cluster that was away for a moment is soon found again.
"""


class Breaker:
    """One breaker, shared by all watches of one cluster; safe to use from many threads."""

    def __init__(self, backoff: Backoff = CLUSTER_BACKOFF, *, threshold: int = 4) -> None:
        """The breaker opens after ``threshold`` failures in a row."""
        self._backoff = backoff
        self._threshold = threshold
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Whether callers have to wait."""
        return self._failures >= self._threshold

    def seconds_to_wait(self) -> float:
        """Return 0 when the caller may try now; an open breaker then lets nobody else try until the next pause ends."""
        with self._lock:
            now = time.monotonic()
            if not self.is_open:
                return 0.0
            if now < self._next_try:
                return self._next_try - now
            self._next_try = now + self._backoff.after(self._failures)
            return 0.0

    def succeeded(self) -> None:
        """Record that the cluster answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Record that the cluster did not answer, or answered with an error."""
        with self._lock:
            self._failures += 1
            self._next_try = time.monotonic() + self._backoff.after(self._failures)
