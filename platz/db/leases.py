"""The leases of this process on clusters and roles: PostgreSQL advisory locks on one dedicated connection, with a row
in `platz_leases` that gives each ownership a number of its own, its epoch.

Invariant: work under a lease ends before another process can have the lease. Every renewal that the database confirms
allows work for `SAFE_SECONDS` more; when none is confirmed, or the connection is lost, everything is given up. Another
process takes the lease only after `GRACE_SECONDS` without a renewal (`lease_rows`), or after this one has given it
back, which it does once the work has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy import Connection

from platz import boot_clock
from platz.config import Role
from platz.db.database import Database
from platz.db.deadline import connection_deadline
from platz.db.tables import lease_rows
from platz.db.tables.lease_rows import GRACE_SECONDS, SAFE_SECONDS, Lease, Session
from platz.errors import Retryable
from platz.identities import ClusterId

CHECK_SECONDS = 2.0
CHECK_TIMEOUT_SECONDS = 4.0

Answer = TypeVar("Answer")


def cluster_lease(cluster_id: ClusterId, work: Role) -> str:
    """Return the name of the lease on the work of a role in a cluster; that on its tasks is named like the cluster."""
    name = f"platz:cluster:{cluster_id}"
    return name if work is Role.DEPLOY else f"{name}:{work}"


def is_served(connection: Connection, cluster_id: ClusterId) -> bool:
    """Return whether any process runs the cluster's tasks, or may still run some of them."""
    return lease_rows.is_held(connection, cluster_lease(cluster_id, Role.DEPLOY))


log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class LeaseTimes:
    """How often the leases are renewed, how long an answer may take, how long work is then safe, how long others wait
    for a sign of life, and when the server ends the session of a process that was stopped; in seconds.
    """

    check: float = CHECK_SECONDS
    check_timeout: float = CHECK_TIMEOUT_SECONDS
    safe: float = SAFE_SECONDS
    grace: float = GRACE_SECONDS
    stopped: float = 8.0


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """The leases by name, and until when (by the boot clock) work under them is safe."""

    leases: Mapping[str, Lease] = field(default_factory=dict[str, Lease])
    until: float = 0.0


class LeaseKeeper:
    """The leases of this process: it takes them, renews them and gives them back. Thread-safe."""

    def __init__(
        self,
        database: Database,
        on_lost: Callable[[frozenset[str]], None],
        *,
        on_renewed: Callable[[float], None] = lambda _until: None,
        end_work: Callable[[Lease], object] = lambda _lease: None,
        times: LeaseTimes = LeaseTimes(),
    ) -> None:
        """Take functions to call: ``on_lost`` with the names of all lost leases, on the thread that noticed; it must
        end the work and not block. ``on_renewed`` with the time until which work is safe. ``end_work`` before a lease
        is given back.
        """
        self._database = database
        self._on_lost = on_lost
        self._on_renewed = on_renewed
        self._end_work = end_work
        self._times = times
        self._holder = uuid4()
        self._sightings = lease_rows.Sightings(times.grace)
        self._standing = _Standing()
        self._changing = threading.Lock()  # for the standing; never held while the database is asked
        self._session: Session | None = None
        self._session_is_over = False
        self._asking = threading.RLock()  # for the session
        self._stopping = False
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("leases", self._renew_on), ("lease-watch", self._watch_on))
        ]

    def start(self) -> None:
        """Start to renew the leases, and to watch that this succeeds."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give back every lease and end the session; ``on_lost`` is not called."""
        self._stopping = True
        for name in self.held():
            self.release(name)
        self._ending.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        with self._asking:
            self._give_up()
            self._close()

    def held(self) -> frozenset[str]:
        """Return the names of the leases that this process has, without blocking."""
        standing = self._standing
        return frozenset(standing.leases) if boot_clock.now() < standing.until else frozenset[str]()

    def safe_until(self, lease: Lease) -> float:
        """Return until when, by the boot clock, work under the lease is safe; 0 if this process does not have it."""
        standing = self._standing
        return standing.until if standing.leases.get(lease.name) == lease else 0.0

    def is_safe(self) -> bool:
        """Return whether work under the leases that this process has is safe now, without blocking."""
        return boot_clock.now() < self._standing.until

    def holds(self, name: str) -> bool:
        """Return whether work under the lease is safe now, without blocking."""
        return name in self.held()

    def try_acquire(self, name: str) -> Lease | None:
        """Take the lease unless another process has it; return it if this process has it now.

        Connects when there is no connection. Returns None when the database can't be reached, too.
        """
        standing = self._standing
        if name in standing.leases and boot_clock.now() < standing.until:
            return standing.leases[name]
        with self._asking:
            asked = boot_clock.now()
            taken = self._ask(lambda session: lease_rows.take(session, name, self._holder, self._sightings))
            return taken if taken is not None and self._add(taken, asked) else None

    def free(self, names: Collection[str]) -> frozenset[str]:
        """Return those leases that this process has or could probably take now; none without a database."""
        with self._asking:
            found = self._ask(lambda session: lease_rows.free(session, names, self._holder, self._sightings))
        return found or frozenset()

    def release(self, name: str) -> None:
        """End the work under the lease and give it back; do nothing when this process does not have it."""
        with self._changing:
            lease = self._standing.leases.get(name)
            others = {key: value for key, value in self._standing.leases.items() if key != name}
            self._standing = _Standing(leases=others, until=self._standing.until)
        if lease is not None:
            self._end_work(lease)
            with self._asking:
                self._ask(lambda session: lease_rows.give_back(session, lease))

    def _add(self, lease: Lease, asked: float) -> bool:
        """Add a lease that was just taken; return False if all leases were lost meanwhile.

        The time for which others are safe is not prolonged: they were not renewed.
        """
        with self._changing:
            if self._session_is_over:
                return False
            until = self._standing.until if self._standing.leases else asked + self._times.safe
            self._standing = _Standing(leases={**self._standing.leases, lease.name: lease}, until=until)
        return True

    def _renew_on(self) -> None:
        while not self._ending.wait(self._times.check):
            with self._asking:
                if self._session is not None:
                    self._renew()

    def _renew(self) -> None:
        asked, leases = boot_clock.now(), self._standing.leases
        renewed = self._ask(lambda session: lease_rows.renew(session, leases.values()))
        if renewed is None:
            return
        if not renewed:
            self._lose("another process has taken them")
            return
        with self._changing:
            if self._session_is_over:
                return
            self._standing = _Standing(leases=self._standing.leases, until=asked + self._times.safe)
        self._on_renewed(asked + self._times.safe)

    def _watch_on(self) -> None:
        """Give everything up when the time has run out, whatever the thread that renews is waiting for."""
        while not self._ending.wait(self._until_next_look()):
            standing = self._standing
            if standing.leases and boot_clock.now() >= standing.until:
                self._lose("no renewal was confirmed in time")

    def _until_next_look(self) -> float:
        standing = self._standing
        return max(0.01, standing.until - boot_clock.now()) if standing.leases else self._times.check

    def _ask(self, question: Callable[[Session], Answer]) -> Answer | None:
        """Ask the database; return None, and lose all leases, when it does not respond. After `stop`, return None."""
        if self._ending.is_set():
            return None
        try:
            session = self._connected()
            with connection_deadline(session, seconds=self._times.check_timeout):
                return question(session)
        except (psycopg.Error, Retryable) as error:
            self._lose(type(error).__name__)
            self._close()
            return None

    def _connected(self) -> Session:
        if self._session_is_over:
            self._close()
        if self._session is None:
            self._session = self._database.dedicated(idle_seconds=self._times.stopped)
            with self._changing:
                self._session_is_over = False
        return self._session

    def _lose(self, why: str) -> None:
        lost = self._give_up()
        if lost and not self._stopping:
            log.warning("The leases are lost", action="lose_leases", reason=why, leases=len(lost))
            self._on_lost(lost)

    def _give_up(self) -> frozenset[str]:
        with self._changing:
            lost = frozenset(self._standing.leases)
            self._standing = _Standing()
            self._session_is_over = True
        return lost

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
