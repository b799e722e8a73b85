"""How long to wait after failures in a row: exponential backoff with jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass

_MAX_EXPONENT = 32
"""Doubles beyond any limit, and a float still holds it."""


def jittered(seconds: float, *, spread: tuple[float, float] = (0.5, 1.0)) -> float:
    """Spread a delay, so that many who failed together do not return together."""
    return seconds * random.uniform(*spread)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Delays in seconds: the first, its growth from failure to failure, and the limit.

    ``spread`` are the least and the greatest factor of the jitter.
    """

    first: float
    limit: float
    factor: float = 2.0
    spread: tuple[float, float] = (0.5, 1.0)

    def after(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row, 1 or more."""
        whole = min(self.limit, self.first * self.factor ** min(failures - 1, _MAX_EXPONENT))
        return jittered(whole, spread=self.spread)


EXACT = (1.0, 1.0)
"""The spread of delays without jitter."""
