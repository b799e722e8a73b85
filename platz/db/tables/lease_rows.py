"""The rows of `platz_leases`, as the holders of leases and those who wait for them read and write them.

Invariant: a lease changes hands in one statement, which gives it a new epoch, and only if its row is as the taker last
saw it. Whoever wants the lease of another process must have seen the row unchanged for `GRACE_SECONDS` by its own
clock; clocks of different machines are never compared.

Source: docs/contract/workers.md, "Roles and processes".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, text

from platz import boot_clock

SAFE_SECONDS = 6.0
"""How long the holder may work after the last renewal that was confirmed, counted from when it was sent."""

GRACE_SECONDS = 9.0
"""How long another process must see no renewal before it takes the lease; longer than `SAFE_SECONDS` by more than any
difference in the speed of two clocks."""

KEY = "hashtextextended(%s, 0)"
"""The SQL expression for the number of an advisory lock, computed from the lease's name."""

LOCK = f"SELECT pg_try_advisory_lock({KEY})"
UNLOCK = f"SELECT pg_advisory_unlock({KEY})"
LOOK = "SELECT epoch, renewals, holder FROM platz_leases WHERE name = %s"
LOOK_AT_ALL = "SELECT name, epoch, renewals, holder FROM platz_leases WHERE name = ANY(%s)"
TAKE_NEW = "INSERT INTO platz_leases (name, holder) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING epoch"
TAKE_OVER = """
    UPDATE platz_leases
    SET epoch = DEFAULT, holder = %s, renewals = 0, renewed_at = clock_timestamp()
    WHERE name = %s AND epoch = %s AND renewals = %s
    RETURNING epoch
"""
RENEW = """
    UPDATE platz_leases SET renewals = renewals + 1, renewed_at = clock_timestamp()
    WHERE epoch = ANY(%s) RETURNING epoch
"""
GIVE_BACK = "DELETE FROM platz_leases WHERE name = %s AND epoch = %s"
IS_HELD = text(f"""
    SELECT EXISTS (
        SELECT FROM platz_leases
        WHERE name = :name AND renewed_at > clock_timestamp() - make_interval(secs => :grace)
    ) OR EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (classid::bigint << 32 | objid::bigint) = {KEY.replace("%s", ":name")})
""")  # noqa: S608 - a constant

Session = psycopg.Connection[Any]  # Any: the driver's rows have no static types


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A lease as one process holds it: no other holder of the lease ever has the same epoch."""

    name: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class LeaseRow:
    """A row of the table."""

    epoch: int
    renewals: int
    holder: UUID


class Sightings:
    """When this process first saw each foreign lease in its present state."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._seen: dict[str, tuple[LeaseRow, float]] = {}

    def is_abandoned(self, name: str, row: LeaseRow) -> bool:
        """Note the row as it is now; return whether its holder has given no sign of life for the time of grace."""
        now = boot_clock.now()
        before, since = self._seen.get(name, (None, now))
        if before != row:
            self._seen[name] = (row, now)
            return False
        return now - since >= self._grace_seconds

    def forget(self, name: str) -> None:
        """Forget the lease: this process has it now."""
        self._seen.pop(name, None)


def is_held(connection: Connection, name: str) -> bool:
    """Return whether any process has the lease; that of one which just died counts until its work has surely ended.

    A copy of Platz from before the rows has the advisory lock only.
    """
    return bool(connection.scalar(IS_HELD, {"name": name, "grace": GRACE_SECONDS}))


def take(session: Session, name: str, holder: UUID, sightings: Sightings) -> Lease | None:
    """Take the lease if it is free, or abandoned, or this process's own; return it, or None.

    The session then has the advisory lock. Call it only when the work under an own former lease has ended.
    """
    row = _look(session, name)
    if row is not None and row.holder != holder and not sightings.is_abandoned(name, row):
        return None
    if not _is_true(session.execute(LOCK.encode(), [name])):
        return None
    if row is None:
        taken = session.execute(TAKE_NEW.encode(), [name, holder]).fetchone()
    else:
        taken = session.execute(TAKE_OVER.encode(), [holder, name, row.epoch, row.renewals]).fetchone()
    if taken is None:
        session.execute(UNLOCK.encode(), [name])
        return None
    sightings.forget(name)
    return Lease(name=name, epoch=taken[0])


def free(session: Session, names: Collection[str], holder: UUID, sightings: Sightings) -> frozenset[str]:
    """Return those leases that the process could take now, as far as the rows tell."""
    rows = session.execute(LOOK_AT_ALL.encode(), [list(names)]).fetchall()
    others = {
        name: LeaseRow(epoch=epoch, renewals=renewals, holder=by)
        for name, epoch, renewals, by in rows
        if by != holder
    }
    taken = [name for name, row in others.items() if not sightings.is_abandoned(name, row)]
    return frozenset(names) - frozenset(taken)


def renew(session: Session, leases: Iterable[Lease]) -> bool:
    """Give a sign of life for the leases; return whether all of them still belong to this process."""
    epochs = [lease.epoch for lease in leases]
    return len(session.execute(RENEW.encode(), [epochs]).fetchall()) == len(epochs)


def give_back(session: Session, lease: Lease) -> None:
    """Leave the lease to whoever wants it, at once; call it only when the work under it has ended."""
    session.execute(GIVE_BACK.encode(), [lease.name, lease.epoch])
    session.execute(UNLOCK.encode(), [lease.name])


def _look(session: Session, name: str) -> LeaseRow | None:
    row = session.execute(LOOK.encode(), [name]).fetchone()
    return None if row is None else LeaseRow(epoch=row[0], renewals=row[1], holder=row[2])


def _is_true(cursor: psycopg.Cursor[Any]) -> bool:
    row = cursor.fetchone()
    return bool(row and row[0])
