"""How a benchmark tells its figures: each beside its floor, measured in the same run, as a ratio.

Absolute numbers belong to one machine on one day; ratios travel. Nothing here asserts a time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured quantity; ``floor`` is the same work by the bare tool, and what that tool is."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_is: str = ""

    def line(self) -> str:
        """The figure for a reader."""
        text = f"  {self.name:<58} {self.value:>12,.4g} {self.unit}"
        if self.floor:
            text += f"   {self.floor_is} {self.floor:,.4g} {self.unit}   ratio {self.value / self.floor:.2f}"
        return text


def per_second(work: Callable[[], None], *, times: int, rounds: int = 3) -> float:
    """How often ``work`` can be done in a second: the median of ``rounds`` of ``times``."""
    rates: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(times):
            work()
        rates.append(times / (time.perf_counter() - began))
    return statistics.median(rates)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Give a function that tells the seconds since the block began (frozen at its end)."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - began
    ended.append(time.perf_counter())
