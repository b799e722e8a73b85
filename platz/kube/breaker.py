"""Keeps Platz from knocking on a dead cluster's door with every watch at once.

Invariant: after some failures in a row one caller at a time tries, after a pause that grows with jitter; one
success lets everybody in again. A cluster has its own breaker, so a dead one slows nobody else.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """The first pause, its growth and its limit; seconds. Every pause is between half and all of its length.

    The limit is the pace at which a cluster is tried again (workers.md section 7.1): one that was away for a moment
    must not stay away for long.
    """

    first: float = 0.5
    factor: float = 2.0
    limit: float = 5.0

    def after(self, failures: int) -> float:
        """Return how long to pause after so many failures in a row (1 or more)."""
        whole = min(self.limit, self.first * self.factor ** min(failures - 1, 32))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311  spreads load, protects nothing


class Breaker:
    """Shared by all that talk to one cluster; safe to use from many threads."""

    def __init__(self, pauses: Backoff, *, threshold: int = 4) -> None:
        """Open after ``threshold`` failures in a row."""
        self._pauses = pauses
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
            self._next_try = now + self._pauses.after(self._failures)
            return 0.0

    def succeeded(self) -> None:
        """The cluster answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The cluster did not answer, or not with what was asked for."""
        with self._lock:
            self._failures += 1
            self._next_try = time.monotonic() + self._pauses.after(self._failures)
