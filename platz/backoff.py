"""Exponential backoff with jitter: how long to wait after failures in a row."""

from __future__ import annotations

import random
from dataclasses import dataclass

_MAX_EXPONENT = 32
"""Enough for a factor of 2 to exceed any limit, without exceeding the range of a float."""


def jittered(seconds: float, *, spread: tuple[float, float] = (0.5, 1.0)) -> float:
    """Return ``seconds`` times a random factor within ``spread``, so that retries do not all come at the same time."""
    return seconds * random.uniform(*spread)  # noqa: S311 - spreads load, not for security


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """A sequence of delays: ``first`` and ``limit`` in seconds, and the growth ``factor`` from failure to failure.

    ``spread`` holds the least and the greatest factor of the jitter.
    """

    first: float
    limit: float
    factor: float = 2.0
    spread: tuple[float, float] = (0.5, 1.0)

    def after(self, failures: int) -> float:
        """Return the seconds to wait after this number of failures in a row (1 or more)."""
        whole = min(self.limit, self.first * self.factor ** min(failures - 1, _MAX_EXPONENT))
        return jittered(whole, spread=self.spread)


EXACT = (1.0, 1.0)
"""The spread of delays without jitter."""
