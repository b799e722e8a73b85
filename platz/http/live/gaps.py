"""What clients must be told to be brought up to date: after they were away, and when their rights changed.

Invariant: a client is told to drop only what it could see, and to read only what it sees now. The database is read once
for all clients together, however many come back at the same moment.

Source: docs/contract/http-api.md, "Bringing a page up to date".
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from platz.access.tokens import PageState
from platz.access.visibility import Scope
from platz.db.database import Database
from platz.db.events import RowChange
from platz.db.lists.missed_changes import (
    DatedChange,
    changed_since,
    forget_old_records,
    recorded_since,
    rows_of,
)
from platz.identities import EnvId

_FORGET_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What a client may have missed: all changes since a moment (None: none), and the effect of changed rights."""

    before: Scope
    now: Scope
    since: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could have been missed."""
        return self.since is None and self.before == self.now

    @property
    def moved_envs(self) -> frozenset[EnvId]:
        """The environments that came into sight or went out of it; only some when either scope is everything."""
        return self.before.env_ids ^ self.now.env_ids

    @property
    def concerns_everything(self) -> bool:
        """Whether the rows of every environment came into sight or went out of it."""
        return self.before.everything != self.now.everything


def gap_of_page(page: PageState, now: Scope) -> Gap:
    """Return what a page that comes back has missed."""
    env_ids = now.env_ids if page.env_ids is None else page.env_ids
    return Gap(before=Scope(everything=page.everything, env_ids=env_ids), now=now, since=page.since)


class MissedChangesReader:
    """Reads what many clients have missed; blocking, so it is called on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forget_at = 0.0

    def __call__(self, gaps: Sequence[Gap]) -> Sequence[Sequence[RowChange]]:
        """Return for each gap what the client must be told, in order; raise `Retryable` without the database."""
        since = min((gap.since for gap in gaps if gap.since is not None), default=None)
        everything = any(gap.concerns_everything for gap in gaps)
        env_ids = frozenset[EnvId]().union(*(gap.moved_envs for gap in gaps))
        with self._database.reading() as connection:
            rows = rows_of(connection, env_ids, everything=everything) if everything or env_ids else []
            records = recorded_since(connection, since, env_ids=env_ids)
            changed = [] if since is None else changed_since(connection, since)
        self._forget_old()
        return [list(missed(gap, rows=rows, records=records, changed=changed)) for gap in gaps]

    def _forget_old(self) -> None:
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_SECONDS
            with self._database.transaction() as connection:
                forget_old_records(connection)


def nothing_missed(gaps: Sequence[Gap]) -> Sequence[Sequence[RowChange]]:
    """Read nothing, for a feed without a database."""
    return [() for _ in gaps]


def missed(
    gap: Gap, *, rows: Sequence[RowChange], records: Sequence[DatedChange], changed: Sequence[DatedChange]
) -> Iterator[RowChange]:
    """Yield what one client must be told: first all that it drops, then all that it reads."""
    for row in rows:
        if _sees(gap.before, row) and not _sees(gap.now, row):
            yield replace(row, operation="DELETE")
    for env_id in gap.before.env_ids - gap.now.env_ids if not gap.now.everything else ():
        yield RowChange(table="envs", operation="DELETE", id=env_id, env_id=env_id)
    for record in records:
        if (
            record.change.operation == "DELETE"
            and _concerns(gap, record)
            and _sees(gap.before, record.change)
        ):
            yield record.change
    for row in rows:
        if _sees(gap.now, row) and not _sees(gap.before, row):
            yield row
    for change in (*records, *changed):
        if change.change.operation == "UPDATE" and _is_new(gap, change) and _sees(gap.now, change.change):
            yield change.change


def _concerns(gap: Gap, record: DatedChange) -> bool:
    env_id = record.change.env_id
    return _is_new(gap, record) or (env_id in gap.moved_envs and env_id not in gap.now.env_ids)


def _is_new(gap: Gap, change: DatedChange) -> bool:
    return gap.since is not None and change.changed_in >= gap.since


def _sees(scope: Scope, change: RowChange) -> bool:
    return scope.sees_change(change.table, change.env_id)
