"""Actors under test: a house with a real ticker, and ways to wait for what happens in it."""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest

from platz.actors.actor import House
from platz.actors.actor_registry import Roster
from platz.actors.event_bus import Switchboard
from platz.actors.timers import Ticker


class Failures(list[tuple[str, int, BaseException]]):
    """Remembers which actors ended."""

    def __call__(self, name: str, generation: int, error: BaseException) -> None:
        self.append((name, generation, error))


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def house(failures: Failures) -> Iterator[House]:
    ticker = Ticker()
    ticker.start()
    yield House(roster=Roster(), switchboard=Switchboard(), ticker=ticker, failed=failures)
    ticker.stop()
    pykka.ActorRegistry.stop_all(timeout=5)
