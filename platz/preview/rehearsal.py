"""A change made as if it were meant, and undone: what the database would hold after it.

Invariant: the change runs through the functions that make it, with the caller's rights, in a transaction that is always
rolled back; so a preview refuses what the change would refuse, and nobody ever sees what it wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection

from platz.changes.update_plan import install
from platz.charts.documents.derived_names import namespace_name
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.field_encryption import decrypt_fields
from platz.db.tables import deployments, kinds, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.tasks import TaskRow
from platz.identities import DeploymentId
from platz.preview.rendered_values import Wanted
from platz.preview.revisions import wanted_of
from platz.tasks.operations import Install, Upgrade, from_json
from platz.tasks.task_target import TaskTarget, target_of

Change = Callable[[Connection], DeploymentId]
"""Makes the change, and returns the deployment."""

NEW_ID = DeploymentId(UUID(int=0))
"""The id of a deployment that does not exist yet, so that two previews of the same one are the same."""


class Effect(StrEnum):
    """What the change does to what is installed."""

    NOTHING = "nothing"
    INSTALL = "install"
    UPGRADE = "upgrade"
    RELOCATE = "relocate"
    UNINSTALL = "uninstall"


_EFFECTS = {"Recreate": Effect.RELOCATE, "Uninstall": Effect.UNINSTALL, "Install": Effect.INSTALL}


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A deployment before and after a change, with what would be queued; ``before`` is None if it is new."""

    before: TaskTarget | None
    plain_before: DeploymentRow | None = field(repr=False)
    after: TaskTarget
    running: Wanted | None = field(repr=False)
    wanted: Wanted = field(repr=False)
    effect: Effect
    reinstalled: tuple[str, ...]


class _Undone(Exception):
    """The rehearsal is over; its transaction is rolled back."""


def rehearse(database: Database, cipher: Cipher, change: Change, *, of: DeploymentId | None) -> Rehearsal:
    """Make the change, look at it and undo it; raise what the change raises."""
    seen: list[Rehearsal] = []
    try:
        with database.transaction() as connection:
            is_there = of is not None and deployments.get(connection, of) is not None
            before = target_of(connection, of) if of and is_there else None
            deployment_id = change(connection)
            seen.append(_looked_at(connection, cipher, before, deployment_id))
            _undo()
    except _Undone:
        return seen[0]


def _undo() -> NoReturn:
    raise _Undone


def _looked_at(
    connection: Connection, cipher: Cipher, before: TaskTarget | None, deployment_id: DeploymentId
) -> Rehearsal:
    after = target_of(connection, deployment_id)
    queued = tasks.queued_in_transaction(connection)
    own = [each for each in queued if each.deployment_id == deployment_id]
    others = [each.deployment_id for each in queued if each.deployment_id != deployment_id]
    if before is None:
        after = replace(after, deployment=replace(after.deployment, id=NEW_ID))
    return Rehearsal(
        before=before,
        plain_before=_in_plain(before, cipher),
        after=after,
        running=_running(connection, cipher, before),
        wanted=wanted_of(connection, install(after.deployment), cipher),
        effect=_effect(own),
        reinstalled=tuple(_name(connection, each) for each in dict.fromkeys(others)),
    )


def _in_plain(target: TaskTarget | None, cipher: Cipher) -> DeploymentRow | None:
    if target is None:
        return None
    return replace(target.deployment, config=decrypt_fields(target.deployment.config, cipher))


def _effect(own: Sequence[TaskRow]) -> Effect:
    if not own:
        return Effect.NOTHING
    return _EFFECTS.get(own[0].operation_name, Effect.UPGRADE)


def _running(connection: Connection, cipher: Cipher, before: TaskTarget | None) -> Wanted | None:
    """Return what is installed now: the present revision, which the row may be ahead of."""
    row = before.deployment if before else None
    task = tasks.get(connection, row.revision_id) if row and row.revision_id else None
    operation = from_json(task.operation) if task else None
    return wanted_of(connection, operation, cipher) if isinstance(operation, Install | Upgrade) else None


def _name(connection: Connection, deployment_id: DeploymentId) -> str:
    row = deployments.get(connection, deployment_id)
    kind = kinds.get(connection, row.kind_id) if row else None
    return namespace_name(kind.name, row.name) if row and kind else str(deployment_id)
