"""Keeps Platz from knocking on a dead cluster's door with every watch at once.

Invariant: after some failures in a row one caller at a time tries, after a pause that grows with jitter; one
success lets everybody in again. A cluster has its own breaker, so a dead one slows nobody else.
"""

from __future__ import annotations

import threading
import time

from platz.backoff import Backoff

CLUSTER_BACKOFF = Backoff(first=0.5, limit=5.0)
"""The limit is the pace at which a cluster is tried again (docs/contract/workers.md, "Watches of a cluster"):
one that was away for a moment must not stay away for long.
"""


class Breaker:
    """Shared by all that talk to one cluster; safe to use from many threads."""

    def __init__(self, backoff: Backoff = CLUSTER_BACKOFF, *, threshold: int = 4) -> None:
        """Open after ``threshold`` failures in a row."""
        self._backoff = backoff
        self._threshold = threshold
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether callers are kept away."""
        return self._failures >= self._threshold

    def seconds_to_wait(self) -> float:
        """Return 0 when the caller may try now; when open, it is the only one until its pause has passed."""
        with self._lock:
            now = time.monotonic()
            if not self.is_open:
                return 0.0
            if now < self._next_try:
                return self._next_try - now
            self._next_try = now + self._backoff.after(self._failures)
            return 0.0

    def succeeded(self) -> None:
        """The cluster answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The cluster did not answer, or not with what was asked for."""
        with self._lock:
            self._failures += 1
            self._next_try = time.monotonic() + self._backoff.after(self._failures)
