"""Each registry is searched by one process at a time, and several registries at once.

Source: docs/contract/workers.md, "Roles and processes".
"""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.chart_discovery import ChartDiscovery, SearchPlan
from platz.actors.event_bus import EventBus
from platz.actors.timers import Timers
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.discovery.findings import RoundReport
from platz.errors import Denied


class Looks:
    """A search that counts its rounds."""

    def __init__(self) -> None:
        self.rounds = 0
        self.refused = False

    def look(self) -> RoundReport:
        self.rounds += 1
        if self.refused:
            raise Denied("AWS SQS in eu-west-1 refused ReceiveMessage: AccessDenied.")
        return RoundReport()


class Processes:
    """Starts the chart discovery of one process after the other."""

    def __init__(self, database: Database) -> None:
        self.ends: list[BaseException] = []
        self.keepers: list[LeaseKeeper] = []
        self._database = database
        self._timers = Timers()
        self._timers.start()

    def start(self, source: str, looks: Looks) -> pykka.ActorRef[ChartDiscovery]:
        leases = LeaseKeeper(self._database, lambda _names: None)
        leases.start()
        self.keepers.append(leases)
        actor_context = ActorContext(
            actor_registry=ActorRegistry(),
            event_bus=EventBus(),
            timers=self._timers,
            failed=lambda _name, _generation, error: self.ends.append(error),
        )
        ref = ChartDiscovery.start(
            name="chart-discovery",
            generation=0,
            actor_context=actor_context,
            leases=leases,
            database=self._database,
            plan=SearchPlan(source=source, make=lambda: looks, every_seconds=0.02),
            parse_tags=False,
        )
        assert not actor_context.actor_registry.wait_until_ready(["chart-discovery"], seconds=10)
        return ref

    def stop(self) -> None:
        self._timers.stop()
        pykka.ActorRegistry.stop_all(timeout=10)
        for leases in self.keepers:
            leases.stop()


@pytest.fixture
def processes(database: Database) -> Iterator[Processes]:
    made = Processes(database)
    yield made
    made.stop()
    assert made.ends == []


def test_two_queues_are_read_by_two_processes(processes: Processes) -> None:
    ireland, virginia = Looks(), Looks()
    processes.start("eu-west-1/charts", ireland)
    processes.start("us-east-1/charts", virginia)
    eventually(lambda: ireland.rounds > 2 and virginia.rounds > 2)


def test_one_queue_is_read_by_one_process_and_then_by_the_next(processes: Processes) -> None:
    first, second = Looks(), Looks()
    ref = processes.start("eu-west-1/charts", first)
    processes.start("eu-west-1/charts", second)
    eventually(lambda: first.rounds > 2)
    assert second.rounds == 0
    ref.stop(timeout=10)
    eventually(lambda: second.rounds > 2)


def test_a_queue_that_may_not_be_read_is_tried_again(processes: Processes) -> None:
    looks = Looks()
    looks.refused = True
    processes.start("eu-west-1/charts", looks)
    eventually(lambda: looks.rounds > 2)
    looks.refused = False
    seen = looks.rounds
    eventually(lambda: looks.rounds > seen + 2)
