"""Actors under test: an actor context with real timers, and ways to wait for what happens in it."""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest

from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus
from platz.actors.timers import Timers


class Failures(list[tuple[str, int, BaseException]]):
    """Remembers which actors ended."""

    def __call__(self, name: str, generation: int, error: BaseException) -> None:
        self.append((name, generation, error))


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def actor_context(failures: Failures) -> Iterator[ActorContext]:
    timers = Timers()
    timers.start()
    yield ActorContext(actor_registry=ActorRegistry(), event_bus=EventBus(), timers=timers, failed=failures)
    timers.stop()
    pykka.ActorRegistry.stop_all(timeout=5)
