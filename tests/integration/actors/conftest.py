"""Actors on a real database, with a listener that feeds them."""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest

from platz.actors.actor import House
from platz.actors.actor_registry import Roster
from platz.actors.database_listener import DatabaseListener
from platz.actors.event_bus import Switchboard
from platz.actors.timers import Ticker
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
def house(database: Database, failures: Failures) -> Iterator[House]:
    """A house in which changes of the database are told."""
    ticker = Ticker()
    ticker.start()
    house = House(roster=Roster(), switchboard=Switchboard(), ticker=ticker, failed=failures)
    DatabaseListener.start(name="listener", generation=0, house=house, database=database)
    assert not house.roster.wait_until_ready(["listener"], seconds=10)
    yield house
    ticker.stop()
    pykka.ActorRegistry.stop_all(timeout=10)
    assert failures == []


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)
