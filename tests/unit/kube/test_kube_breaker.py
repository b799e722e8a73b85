"""A cluster that keeps failing is asked by one caller at a time, after growing pauses."""

from __future__ import annotations

from platz.backoff import Backoff
from platz.kube.breaker import Breaker

LONG = Backoff(first=600, limit=600)


def failing(times: int, backoff: Backoff = LONG) -> Breaker:
    breaker = Breaker(backoff, threshold=4)
    for _ in range(times):
        breaker.failed()
    return breaker


def test_a_few_failures_keep_nobody_away() -> None:
    assert failing(3).seconds_to_wait() == 0


def test_many_failures_in_a_row_keep_everybody_away() -> None:
    assert failing(4).seconds_to_wait() > 250


def test_after_the_pause_one_caller_may_try_and_the_others_wait_on() -> None:
    breaker = failing(4)
    breaker._next_try = 0.0
    assert breaker.seconds_to_wait() == 0
    assert breaker.seconds_to_wait() > 250


def test_one_success_lets_everybody_in() -> None:
    breaker = failing(9)
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.seconds_to_wait() == 0
