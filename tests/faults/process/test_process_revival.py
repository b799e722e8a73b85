"""The respawner restarts stand-ins that ended, retries starts that fail, and stops when told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from waiting import eventually

from platz_sandbox.respawner import Respawner
from platz_sandbox.stand_in_process import StandInFailed


class FakePart:
    """A stand-in whose first starts fail, as many as the test wants."""

    name = "fake"

    def __init__(self, failures: int = 0) -> None:
        self.alive = True
        self.starts = 0
        self.failures = failures

    def is_alive(self) -> bool:
        return self.alive

    def start_again(self) -> None:
        self.starts += 1
        if self.starts <= self.failures:
            raise StandInFailed("it did not answer")
        self.alive = True


@pytest.fixture
def parts() -> list[FakePart]:
    return [FakePart(), FakePart(failures=1)]


@pytest.fixture
def revival(parts: list[FakePart]) -> Iterator[Respawner]:
    made = Respawner(parts)
    made.start()
    yield made
    made.stop()


def test_only_what_ended_is_started_again(revival: Respawner, parts: list[FakePart]) -> None:
    parts[0].alive = False

    eventually(lambda: parts[0].alive)

    assert (parts[0].starts, parts[1].starts) == (1, 0)


def test_what_could_not_be_started_is_tried_again(revival: Respawner, parts: list[FakePart]) -> None:
    parts[1].alive = False

    eventually(lambda: parts[1].alive)

    assert parts[1].starts == 2


def test_the_stop_waits_for_a_start_that_is_under_way(revival: Respawner, parts: list[FakePart]) -> None:
    begun, go_on = threading.Event(), threading.Event()
    start = parts[0].start_again

    def start_slowly() -> None:
        begun.set()
        assert go_on.wait(20)
        start()

    parts[0].start_again = start_slowly  # type: ignore[method-assign]
    parts[0].alive = False
    assert begun.wait(10)
    stopping = threading.Thread(target=revival.stop)
    stopping.start()
    stopping.join(timeout=6)
    assert stopping.is_alive(), "a start is under way"
    go_on.set()
    stopping.join(timeout=10)
    assert not stopping.is_alive()
    assert parts[0].alive


def test_nothing_is_started_after_the_stop(revival: Respawner, parts: list[FakePart]) -> None:
    revival.stop()

    parts[0].alive = False

    assert not revival._thread.is_alive()
    assert parts[0].starts == 0
