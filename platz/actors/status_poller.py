"""The status poller: it asks every deployment whose chart has a status endpoint for its status.

owns   the time of each deployment's next poll, and the threads that poll
hears  `RowChanged` of deployments and clusters, `LeaseLost`
tells  nobody; the responses go to `deployments.reported_status`
never  begins the next poll of a deployment before the last has ended and the chart's interval has passed since that
       began, unless the poll's address or interval changes; makes a deployment wait for those of other clusters, or
       for those that do not answer
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from typing_extensions import override

from platz.actors.actor import ActorContext
from platz.actors.fair_threads import FairThreads, Share
from platz.actors.leased_actor import LeasedActor
from platz.actors.messages import LeaseLost, RowChanged
from platz.actors.timers import Timer
from platz.db import schema
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.db.polling import PollCandidate, poll_candidates
from platz.db.tables import deployments
from platz.errors import Retryable
from platz.identities import DeploymentId
from platz.observation.ingress import IngressCaller
from platz.observation.status_polls import Poll, poll_of, sample

MAX_CONCURRENT_POLLS = 256
MAX_SLOW_POLLS = 64
"""How many polls of deployments that are slow may run at once; the other threads are for those that answer."""

MAX_POLLS_IN_A_CLUSTER = 64
MAX_SLOW_POLLS_IN_A_CLUSTER = 16
SLOW_SECONDS = 2.0
SLOW_POLLS = 2
"""A deployment is slow when this many polls in a row took longer than that."""


@dataclass(frozen=True, kw_only=True)
class PollDue:
    """It is time for this poll, which is dropped if another one is planned by now."""

    poll: Poll


@dataclass(frozen=True, kw_only=True)
class PollDone:
    """This poll has ended after ``seconds``; its result is written, unless the database was unavailable."""

    poll: Poll
    seconds: float


class StatusPoller(LeasedActor):
    """A leased actor that keeps `deployments.reported_status` up to date."""

    role = "status"
    hears = frozenset({RowChanged, LeaseLost})
    tables = frozenset({schema.deployments.name, schema.k8s_clusters.name})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        leases: LeaseKeeper,
        database: Database,
        caller: IngressCaller,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context, leases=leases)
        self._database = database
        self._caller = caller
        self._planned: dict[DeploymentId, Poll] = {}
        self._timers: dict[DeploymentId, Timer] = {}
        self._slow: Counter[DeploymentId] = Counter()
        self._threads = FairThreads(MAX_CONCURRENT_POLLS, name="status-poll")

    @override
    def refresh(self) -> None:
        with self._database.reading() as connection:
            candidates = poll_candidates(connection)
        self._forget(set(self._planned) - {candidate.id for candidate in candidates})
        for candidate in candidates:
            self._plan(candidate)

    @override
    def handle_as_leader(self, message: object) -> None:
        match message:
            case RowChanged(table=schema.k8s_clusters.name):
                self.refresh()
            case RowChanged(changes=changes):
                self._look_at({change.id for change in changes})
            case PollDue(poll=poll):
                if self._planned.get(poll.deployment_id) == poll:
                    self.submit(self._threads.within(*self._shares_of(poll)), self._ask, poll)
            case PollDone(poll=poll, seconds=seconds):
                if self._planned.get(poll.deployment_id) == poll:
                    self._note_pace(poll.deployment_id, seconds)
                    self._schedule(poll, max(0.0, poll.interval_seconds - seconds))
            case _:
                super().handle_as_leader(message)

    @override
    def on_lost(self) -> None:
        self._forget(set(self._planned))

    @override
    def on_stopped(self) -> None:
        super().on_stopped()
        self._threads.stop()

    @override
    def describe(self) -> str:
        return f"{len(self._planned)} deployments are polled" if self.is_leader else "another process polls"

    def _look_at(self, ids: Collection[UUID]) -> None:
        with self._database.reading() as connection:
            candidates = poll_candidates(connection, ids)
        self._forget({DeploymentId(id_) for id_ in ids} - {candidate.id for candidate in candidates})
        for candidate in candidates:
            self._plan(candidate)

    def _plan(self, candidate: PollCandidate) -> None:
        poll = poll_of(candidate)
        if not candidate.enabled and candidate.has_reported:
            with self._database.transaction() as connection:
                deployments.set_reported_status(connection, candidate.id, None)
        if poll == self._planned.get(candidate.id):
            return
        self._forget({candidate.id})
        if poll is not None:
            self._planned[candidate.id] = poll
            self._schedule(poll, 0)

    def _schedule(self, poll: Poll, seconds: float) -> None:
        """Plan the next poll, instead of one that was planned while an earlier poll of the same address ran."""
        self._cancel_timer(poll.deployment_id)
        self._timers[poll.deployment_id] = self.after(PollDue(poll=poll), seconds=seconds)

    def _shares_of(self, poll: Poll) -> tuple[Share, ...]:
        """Return the shares of the threads in which a poll counts: what hangs must not hold up what answers."""
        if self._slow[poll.deployment_id] < SLOW_POLLS:
            return (Share(of=poll.cluster_id, most=MAX_POLLS_IN_A_CLUSTER),)
        return (
            Share(of="slow", most=MAX_SLOW_POLLS),
            Share(of=("slow", poll.cluster_id), most=MAX_SLOW_POLLS_IN_A_CLUSTER),
        )

    def _note_pace(self, deployment_id: DeploymentId, seconds: float) -> None:
        if seconds > SLOW_SECONDS:
            self._slow[deployment_id] += 1
        else:
            self._slow.pop(deployment_id, None)

    def _forget(self, ids: Collection[DeploymentId]) -> None:
        for deployment_id in ids:
            self._planned.pop(deployment_id, None)
            self._slow.pop(deployment_id, None)
            self._cancel_timer(deployment_id)

    def _cancel_timer(self, deployment_id: DeploymentId) -> None:
        timer = self._timers.pop(deployment_id, None)
        if timer is not None:
            timer.cancel()

    def _ask(self, poll: Poll) -> None:
        began = time.monotonic()
        reported = sample(self._caller, poll)
        try:
            with self._database.transaction() as connection:
                deployments.set_reported_status(connection, poll.deployment_id, reported)
        except Retryable as error:
            self.log.warning("A status could not be written", action="poll", reason=str(error))
        self.tell_self(PollDone(poll=poll, seconds=time.monotonic() - began))
