"""Delays after failures grow up to a limit, and are spread."""

from __future__ import annotations

import pytest

from platz.backoff import EXACT, Backoff


@pytest.mark.parametrize(
    ("failures", "whole"), [(1, 0.5), (2, 1.0), (4, 4.0), (5, 5.0), (8, 5.0), (10_000, 5.0)]
)
def test_delays_double_up_to_a_limit_with_jitter(failures: int, whole: float) -> None:
    delays = {Backoff(first=0.5, limit=5.0).after(failures) for _ in range(50)}
    assert all(whole / 2 <= delay <= whole for delay in delays)
    assert len(delays) > 1


def test_factor_and_spread_are_as_asked_for() -> None:
    exact = Backoff(first=0.1, limit=10.0, factor=4.0, spread=EXACT)
    assert [exact.after(failures) for failures in (1, 2, 3, 4, 5)] == pytest.approx([0.1, 0.4, 1.6, 6.4, 10])
