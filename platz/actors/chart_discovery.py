"""Chart discovery: it finds charts as they are pushed, and reads them.

owns   the search of the registry (through ECR's events, or by polling an OCI registry), on a thread of its own
hears  tick, `RowChanged` of tag formats, `LeaseLost`
tells  nobody; charts go to `helm_charts`
never  reads one registry in two processes at once, or stops because one chart can't be read

The lease belongs to the registry, not only to the role, because processes for several registries or queues may share a
database.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from platz.actors.actor import ActorContext
from platz.actors.leased_actor import LeasedActor
from platz.actors.messages import LeaseLost, RowChanged, Tick
from platz.db import schema
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.discovery.chart_records import apply_tag_formats
from platz.discovery.findings import RoundReport
from platz.errors import PlatzError


class ChartSearch(Protocol):
    """A search for charts, in one registry or one queue."""

    def look(self) -> RoundReport:
        """Record what is new; raise `PlatzError` when the registry or the database can't be reached."""
        ...


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """How to search for charts.

    ``make`` returns a search without memory, and is called whenever this process becomes the leader. ``source`` names
    the registry or queue, in the same way in every process. ``every_seconds`` is the time between two rounds.
    """

    source: str
    make: Callable[[], ChartSearch]
    every_seconds: float


@dataclass(frozen=True, kw_only=True)
class RoundEnded:
    """A round of the search ended; ``failures`` are sentences."""

    failures: tuple[str, ...]


class ChartDiscovery(LeasedActor):
    """A leased actor that keeps `helm_charts` up to date with the registry."""

    role = "charts"
    hears = frozenset({RowChanged, LeaseLost})
    tables = frozenset({schema.helm_tag_formats.name})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        leases: LeaseKeeper,
        database: Database,
        plan: SearchPlan,
        parse_tags: bool,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context, leases=leases)
        self._database = database
        self._plan = plan
        self._search: ChartSearch | None = None
        self._parse_tags = parse_tags
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="chart-search")
        self._looking = False
        self._told: tuple[str, ...] = ()

    @property
    @override
    def lease(self) -> str:
        return f"{super().lease}:{self._plan.source}"

    @override
    def on_started(self) -> None:
        super().on_started()
        self.every(Tick(name="search"), seconds=self._plan.every_seconds)

    @override
    def refresh(self) -> None:
        self._apply_formats()
        self._start_round()

    @override
    def handle_as_leader(self, message: object) -> None:
        match message:
            case Tick():
                self._start_round()
            case RowChanged():
                self._apply_formats()
            case RoundEnded(failures=failures):
                self._looking = False
                self._tell_failures(failures)
            case _:
                super().handle_as_leader(message)

    @override
    def on_lost(self) -> None:
        self._search = None

    @override
    def describe(self) -> str:
        if not self.is_leader:
            return "another process searches"
        return "looking for charts" if self._looking else "waiting for the next look"

    @override
    def on_stopped(self) -> None:
        super().on_stopped()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _apply_formats(self) -> None:
        if self._parse_tags:
            with self._database.transaction() as connection:
                changed = apply_tag_formats(connection)
            if changed:
                self.log.info("Applied the tag formats", action="parse", charts=changed)

    def _start_round(self) -> None:
        if self._search is None:
            self._search = self._plan.make()
        if not self._looking:
            self._looking = True
            self.submit(self._threads, self._round, self._search)

    def _round(self, search: ChartSearch) -> None:
        try:
            failures = search.look().failures
        except PlatzError as error:
            failures = (error.message,)
        self.tell_self(RoundEnded(failures=failures))

    def _tell_failures(self, failures: tuple[str, ...]) -> None:
        """Log failures once, not after every round, and log when they are over."""
        if failures != self._told:
            for failure in failures:
                self.log.warning("The registry could not be read", action="search", reason=failure)
            if not failures:
                self.log.info("The registry can be read again", action="search")
        self._told = failures
