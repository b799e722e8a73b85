"""The task queue: claiming, finishing and recovering tasks.

Invariants, kept by the database whatever the claimers do: a task is claimed once; a deployment has at most one
`Started` task with a claim; its tasks start in the order execute_at, created_at, id, and none before the end of the
task that it waits for. A claim is a claim id in the row and the epoch of a lease: only the runner with that id, and
only while its process has the lease under that epoch, can write anything about the task.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NewType
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from platz.db.enums import ACTIVE_TASK_STATUSES, DeploymentStatus, TaskStatus
from platz.db.rows import all_rows
from platz.db.schema import deployment_tasks as tasks
from platz.db.schema import deployments, platz_leases, platz_task_waits
from platz.db.schema import k8s_clusters as clusters
from platz.db.storable import storable
from platz.db.tables.lease_rows import Lease
from platz.db.tables.tasks import CANCELERS, COLUMNS, TaskRow, is_asked_to_stop, removes
from platz.errors import PlatzError
from platz.identities import ClusterId, TaskId

ClaimId = NewType("ClaimId", UUID)
"""The random id under which one `DeploymentRunner` instance claims tasks; each instance makes its own."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right of a runner to work on the tasks that it claims, as long as ``lease`` has not changed hands."""

    id: ClaimId
    lease: Lease


class WhyStop(Enum):
    """Why a task that runs must not go on."""

    DELETION = "its deployment is being deleted"
    REQUEST = "somebody asked for it"


class ClaimLost(PlatzError):
    """Another process has taken this task over, or may do so."""


IS_DUE = """
    cluster_id = :cluster_id AND status = 'Pending' AND execute_at <= statement_timestamp()
    AND NOT EXISTS (
        SELECT FROM deployment_tasks AS earlier
        WHERE earlier.deployment_id = task.deployment_id
          AND (earlier.status = 'Started'
            OR earlier.status = 'Pending'
               AND (earlier.execute_at, earlier.created_at, earlier.id)
                 < (task.execute_at, task.created_at, task.id)))
    AND NOT EXISTS (
        SELECT FROM platz_task_waits AS wait JOIN deployment_tasks AS first ON first.id = wait.waits_for
        WHERE wait.task_id = task.id AND first.status IN ('Pending', 'Started'))
"""
"""The condition for a due task. A task behind an earlier `Pending` one of its deployment is not due, even while another
claimer has that one locked; nor is a task before the end of the one that it waits for."""

OUTLOOK = text(f"""
    SELECT
        (SELECT count(*) FROM (SELECT FROM deployment_tasks AS task WHERE {IS_DUE} LIMIT :most) AS due) AS due,
        (SELECT extract(epoch FROM min(execute_at) - statement_timestamp())::float8 FROM deployment_tasks
         WHERE cluster_id = :cluster_id AND status = 'Pending' AND execute_at > statement_timestamp())
            AS next_seconds
""")  # noqa: S608 - composed of the constant above

_COLUMNS = ", ".join(f"task.{column.name}" for column in COLUMNS)

CLAIM = text(f"""
    WITH due AS (
        SELECT id FROM deployment_tasks AS task WHERE {IS_DUE}
        ORDER BY execute_at, created_at, id
        LIMIT :most
        FOR UPDATE SKIP LOCKED
    )
    UPDATE deployment_tasks AS task
    SET status = 'Started', claimed_by = :claimed_by, reason = NULL,
        started_at = statement_timestamp(),
        first_attempted_at = coalesce(first_attempted_at, statement_timestamp())
    FROM due WHERE task.id = due.id
        AND EXISTS (SELECT FROM platz_leases WHERE name = :lease AND epoch = :epoch)
    RETURNING {_COLUMNS}
""").columns(*COLUMNS)  # noqa: S608 - as above


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The state of a cluster's queue: ``due`` tasks can be claimed now, and the next scheduled task becomes due in
    ``next_seconds`` by the database's clock (None when none is scheduled).
    """

    due: int
    next_seconds: float | None


def outlook(connection: Connection, cluster_id: ClusterId, *, most: int) -> Outlook:
    """Return the state of the queue without claiming; at most ``most`` due tasks are counted."""
    row = connection.execute(OUTLOOK, {"cluster_id": cluster_id, "most": most}).one()
    return Outlook(due=row.due, next_seconds=row.next_seconds)


def claim(connection: Connection, *, cluster_id: ClusterId, claim: Claim, most: int) -> list[TaskRow]:
    """Claim up to ``most`` due tasks of the cluster (Pending -> Started), each of a different deployment.

    Returns them in queue order; none when the lease has changed hands.
    """
    arguments = {
        "cluster_id": cluster_id,
        "claimed_by": claim.id,
        "lease": claim.lease.name,
        "epoch": claim.lease.epoch,
        "most": most,
    }
    claimed = all_rows(connection, CLAIM.bindparams(**arguments), TaskRow)
    return sorted(claimed, key=lambda task: (task.execute_at, task.created_at, task.id))


def clusters_with_due_tasks(connection: Connection) -> frozenset[ClusterId]:
    """Return every cluster that has a pending task whose `execute_at` has passed."""
    query = (
        select(tasks.c.cluster_id)
        .distinct()
        .where(
            tasks.c.status == literal_column("'Pending'"),  # a parameter would keep a plan off the index
            tasks.c.execute_at <= func.statement_timestamp(),
        )
    )
    return frozenset(ClusterId(cluster_id) for cluster_id in connection.scalars(query))


def ignored_clusters_with_started_tasks(connection: Connection) -> frozenset[ClusterId]:
    """Return every cluster that is ignored and has a Started task."""
    query = (
        select(tasks.c.cluster_id)
        .distinct()
        .join(clusters, clusters.c.id == tasks.c.cluster_id)
        .where(tasks.c.status == literal_column("'Started'"), clusters.c.ignore)
    )
    return frozenset(ClusterId(cluster_id) for cluster_id in connection.scalars(query))


def hold(connection: Connection, task: TaskRow, claim: Claim) -> None:
    """Lock the deployment of a task and the task, for a change that the task makes.

    Raises `ClaimLost` unless the task is still `Started` under the claim. Every write of a running task is in a
    transaction that begins with this, and whoever takes the task over waits for that transaction to end.
    """
    deployment = select(deployments.c.id).where(deployments.c.id == task.deployment_id)
    connection.execute(deployment.with_for_update(key_share=True))
    held = select(tasks.c.id).where(tasks.c.id == task.id, _is_held(claim)).with_for_update(key_share=True)
    if connection.scalar(held) is None:
        raise ClaimLost


def may_go_on(connection: Connection, task: TaskRow, claim: Claim) -> bool:
    """Return whether the task is `Started` under the claim, and need not stop."""
    query = select(tasks.c.id).where(
        tasks.c.id == task.id, _is_held(claim), ~_is_overtaken(), ~is_asked_to_stop()
    )
    return connection.scalar(query) is not None


def is_in_force(connection: Connection, lease: Lease) -> bool:
    """Return whether the lease has not changed hands, for work that belongs to no task."""
    return bool(connection.scalar(select(_has_lease(lease))))


def note(connection: Connection, task_id: TaskId, claim: Claim, words: str | None) -> bool:
    """Write what a Started task waits for into its `reason`; return False when it is no longer under the claim."""
    statement = update(tasks).where(tasks.c.id == task_id, _is_held(claim)).values(reason=words)
    return connection.execute(statement).rowcount == 1


def abandon(
    connection: Connection, task_id: TaskId, lease: Lease, *, formerly: UUID | None, reason: str
) -> bool:
    """Mark a Started task as Failed for whoever claimed it, as the holder of its cluster's lease.

    Returns False when the claim ``formerly`` or the lease is gone.
    """
    statement = (
        update(tasks)
        .where(
            tasks.c.id == task_id,
            tasks.c.status == TaskStatus.STARTED,
            tasks.c.claimed_by.is_not_distinct_from(formerly),
            _has_lease(lease),
        )
        .values(status=TaskStatus.FAILED, finished_at=func.clock_timestamp(), reason=storable(reason))
    )
    return connection.execute(statement).rowcount == 1


def why_stop(connection: Connection, task: TaskRow) -> WhyStop | None:
    """Return why the task must not go on, the deletion of its deployment first; None if it may."""
    query = select(_is_overtaken(), is_asked_to_stop()).where(tasks.c.id == task.id)
    is_overtaken, is_asked = connection.execute(query).one_or_none() or (False, False)
    if is_overtaken:
        return WhyStop.DELETION
    return WhyStop.REQUEST if is_asked else None


def tasks_to_stop(connection: Connection, claim: Claim) -> list[TaskId]:
    """Return the tasks that are `Started` under the claim and must not go on."""
    query = select(tasks.c.id).where(_is_held(claim), or_(_is_overtaken(), is_asked_to_stop()))
    return [TaskId(task_id) for task_id in connection.scalars(query)]


def clusters_to_wake(
    connection: Connection, *, added: Collection[TaskId], changed: Collection[TaskId]
) -> frozenset[ClusterId]:
    """Return the clusters whose runners may have something to do because of new and of changed tasks.

    A new task may be due, or be the removal that stops other tasks of its deployment; a changed one may have ended, so
    that what waits for it is due, or be asked to stop.
    """
    others, waits = tasks.alias("others"), platz_task_waits
    of_same_deployment = (
        select(others.c.cluster_id)
        .join(tasks, tasks.c.deployment_id == others.c.deployment_id)
        .where(tasks.c.id.in_(list(added)), others.c.status.in_(ACTIVE_TASK_STATUSES))
    )
    waiting = (
        select(tasks.c.cluster_id)
        .join(waits, waits.c.task_id == tasks.c.id)
        .where(waits.c.waits_for.in_(list(changed)), tasks.c.status == TaskStatus.PENDING)
    )
    to_stop = select(tasks.c.cluster_id).where(tasks.c.id.in_(list(changed)), is_asked_to_stop())
    found = connection.scalars(of_same_deployment.union(waiting, to_stop))
    return frozenset(ClusterId(cluster_id) for cluster_id in found)


def mark_ended(connection: Connection, task_id: TaskId, claim: Claim, status: TaskStatus, words: str) -> bool:
    """Write the end of a Started task: its status, and its output or reason.

    Whoever asked to stop it stays named only if it is `Canceled`; else the request came too late. Returns False, and
    changes nothing, when the task is no longer `Started` under the claim.
    """
    nobody = dict.fromkeys(() if status is TaskStatus.CANCELED else (column.name for column in CANCELERS))
    return _end(connection, task_id, claim, {"status": status, "reason": storable(words), **nobody})


def mark_overtaken(connection: Connection, task_id: TaskId, claim: Claim, reason: str) -> bool:
    """Cancel a Started task because its deployment is being deleted, in the name of whoever deletes it.

    Returns as `mark_ended`.
    """
    removal = tasks.alias("removal")
    deleter = (
        select(removal.c.acting_user_id, removal.c.acting_bot_id, removal.c.acting_deployment_id)
        .where(removal.c.deployment_id == tasks.c.deployment_id, removal.c.operation.has_key("Uninstall"))
        .order_by(removal.c.created_at.desc())
        .limit(1)
        .correlate(tasks)
    )
    named = {
        canceler: deleter.with_only_columns(actor).scalar_subquery()
        for canceler, actor in zip(CANCELERS, deleter.selected_columns, strict=True)
    }
    values = {"status": TaskStatus.CANCELED, "reason": reason}
    return _end(connection, task_id, claim, {**values, **{column.name: by for column, by in named.items()}})


def take_over(connection: Connection, task_id: TaskId, *, claim: Claim, formerly: UUID | None) -> bool:
    """Replace the claim ``formerly`` on a Started task by a new one; return False when it is no longer there.

    A task that a program of the former server started, without a claim, is not taken over while a claimed task of its
    deployment is Started.
    """
    if formerly is None and _runs_beside_a_claimed_one(connection, task_id):
        return False
    statement = (
        update(tasks)
        .where(
            tasks.c.id == task_id,
            tasks.c.status == TaskStatus.STARTED,
            tasks.c.claimed_by.is_not_distinct_from(formerly),
            _has_lease(claim.lease),
        )
        .values(claimed_by=claim.id)
    )
    return connection.execute(statement).rowcount == 1


def started_tasks(connection: Connection, cluster_id: ClusterId) -> list[TaskRow]:
    """Return every Started task of the cluster, whichever runner claimed it, in queue order."""
    query = (
        select(*COLUMNS)
        .where(tasks.c.cluster_id == cluster_id, tasks.c.status == TaskStatus.STARTED)
        .order_by(tasks.c.execute_at, tasks.c.created_at, tasks.c.id)
    )
    return all_rows(connection, query, TaskRow)


def _runs_beside_a_claimed_one(connection: Connection, task_id: TaskId) -> bool:
    other = tasks.alias()
    query = select(other.c.id).where(
        other.c.deployment_id == select(tasks.c.deployment_id).where(tasks.c.id == task_id).scalar_subquery(),
        other.c.status == TaskStatus.STARTED,
        other.c.claimed_by.is_not(None),
    )
    return connection.scalar(query.limit(1)) is not None


def _end(connection: Connection, task_id: TaskId, claim: Claim, values: Mapping[str, object]) -> bool:
    statement = update(tasks).where(tasks.c.id == task_id, _is_held(claim))
    ended = statement.values(finished_at=func.clock_timestamp(), **values)
    return connection.execute(ended).rowcount == 1


def _is_held(claim: Claim) -> ColumnElement[bool]:
    return and_(tasks.c.status == TaskStatus.STARTED, tasks.c.claimed_by == claim.id, _has_lease(claim.lease))


def _has_lease(lease: Lease) -> ColumnElement[bool]:
    return exists().where(platz_leases.c.name == lease.name, platz_leases.c.epoch == lease.epoch)


def _is_overtaken() -> ColumnElement[bool]:
    being_deleted = exists().where(
        deployments.c.id == tasks.c.deployment_id, deployments.c.status == DeploymentStatus.DELETING
    )
    return and_(being_deleted, ~removes())
