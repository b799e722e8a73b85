"""Actors on a real database, with a listener that feeds them."""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest

from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.database_listener import DatabaseListener
from platz.actors.event_bus import EventBus
from platz.actors.task_dispatcher import TaskDispatcher
from platz.actors.timers import Timers
from platz.db.database import Database
from tests.integration.changes.world import World


class Failures(list[tuple[str, int, BaseException]]):
    """Remembers which actors ended."""

    def __call__(self, name: str, generation: int, error: BaseException) -> None:
        self.append((name, generation, error))


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def actor_context(database: Database, failures: Failures) -> Iterator[ActorContext]:
    """An actor context in which changes of the database are told."""
    timers = Timers()
    timers.start()
    actor_context = ActorContext(
        actor_registry=ActorRegistry(), event_bus=EventBus(), timers=timers, failed=failures
    )
    DatabaseListener.start(name="listener", generation=0, actor_context=actor_context, database=database)
    TaskDispatcher.start(name="dispatcher", generation=0, actor_context=actor_context, database=database)
    assert not actor_context.actor_registry.wait_until_ready(["listener", "dispatcher"], seconds=10)
    yield actor_context
    timers.stop()
    pykka.ActorRegistry.stop_all(timeout=10)
    assert failures == []


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)
