"""Finds charts as they are pushed, and reads them.

owns   the search of the registry (ECR's events, or a poll of an OCI registry), on a thread of its own
hears  tick, `RowChanged` of tag formats
tells  nobody; charts go to `helm_charts`
never  reads one registry in two processes at once, or stops because one chart can't be read

The lease is that of the registry, not of the role: processes for several registries or queues share a database.
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
    """Where charts are found."""

    def look(self) -> RoundReport:
        """Record what is new; raise `PlatzError` when the registry or the database can't be reached."""
        ...


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """How charts are searched.

    ``make`` gives a search that knows nothing yet, each time that this process becomes the leader.
    ``source`` names what is searched, the same in every process; ``every_seconds`` is the time between two looks.
    """

    source: str
    make: Callable[[], ChartSearch]
    every_seconds: float


@dataclass(frozen=True, kw_only=True)
class RoundEnded:
    """A look at the registry ended; ``failures`` are sentences."""

    failures: tuple[str, ...]


class ChartDiscovery(LeasedActor):
    """Keeps `helm_charts` equal to what the registry holds."""

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
        """Log what went wrong once, not every few seconds, and say when it is over."""
        if failures != self._told:
            for failure in failures:
                self.log.warning("The registry could not be read", action="search", reason=failure)
            if not failures:
                self.log.info("The registry can be read again", action="search")
        self._told = failures
