"""Queries over `deployment_tasks` for creating, reading and cancelling tasks; `platz.db.task_queue` claims them.

Invariant: a transaction that inserts a task holds the lock of its deployment (`deployments.lock`), and the task's
`created_at` is later than that of every earlier task of the deployment. So tasks that are due at once are queued
(execute_at, created_at, id) in the order in which the changes were made, even two tasks of one transaction, and
those of transactions that waited for one another, and even when the clock jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, text, update

from platz.db import schema
from platz.db.enums import ACTIVE_TASK_STATUSES, FINISHED_TASK_STATUSES, TaskStatus
from platz.db.rows import all_rows, columns_of, first_row
from platz.db.storable import storable
from platz.identities import Bot, BotId, ClusterId, Deployment, DeploymentId, Identity, TaskId, User, UserId
from platz.json import JsonObject, JsonValue

tasks = schema.deployment_tasks

CHANGES = ("Install", "Upgrade", "Recreate", "Uninstall")
"""The operations after which a deployment is another than before."""

NEXT_PLACE = timedelta(microseconds=1)
"""The difference in `created_at` between a task and the next one of its deployment that is created together with it."""


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """The columns of `deployment_tasks` that are read."""

    id: TaskId
    created_at: datetime
    execute_at: datetime
    first_attempted_at: datetime | None
    cluster_id: ClusterId
    deployment_id: DeploymentId
    acting_user_id: UserId | None
    acting_bot_id: BotId | None
    acting_deployment_id: DeploymentId | None
    operation: JsonValue
    status: TaskStatus
    claimed_by: UUID | None

    @property
    def operation_name(self) -> str:
        """The name of the operation, which is the document's first key; empty when the document is no object."""
        return next(iter(self.operation), "") if isinstance(self.operation, dict) else ""

    @property
    def creator(self) -> Identity | None:
        """The identity that created the task; None when that bot or deployment was deleted."""
        if self.acting_user_id is not None:
            return User(id=self.acting_user_id)
        if self.acting_bot_id is not None:
            return Bot(id=self.acting_bot_id)
        return None if self.acting_deployment_id is None else Deployment(id=self.acting_deployment_id)


COLUMNS = columns_of(tasks, TaskRow)

CANCELERS = (tasks.c.canceled_by_user_id, tasks.c.canceled_by_bot_id, tasks.c.canceled_by_deployment_id)
"""The columns of which one names who canceled a task, or who asked to stop it while it is Started."""


def get(connection: Connection, task_id: TaskId) -> TaskRow | None:
    """Return the task, or None."""
    return first_row(connection, select(*COLUMNS).where(tasks.c.id == task_id), TaskRow)


def lock(connection: Connection, task_id: TaskId) -> TaskRow | None:
    """Lock the task and read its present state; no runner can claim it until the transaction ends."""
    query = select(*COLUMNS).where(tasks.c.id == task_id).with_for_update(key_share=True)
    return first_row(connection, query, TaskRow)


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """A task to queue; without ``execute_at`` it is due at once. ``repeats`` is the task that it does again."""

    deployment_id: DeploymentId
    cluster_id: ClusterId
    operation: JsonObject
    execute_at: datetime | None = None
    repeats: TaskId | None = None


def insert_pending(connection: Connection, new_tasks: Sequence[NewTask], actor: Identity) -> list[TaskId]:
    """Queue the tasks and return their ids in the given order.

    The `created_at` of tasks of one deployment is exactly `NEXT_PLACE` after that of the one before.
    """
    if not new_tasks:
        return []
    places = _places(connection, {task.deployment_id for task in new_tasks})
    rows: list[dict[str, Any]] = []
    for task in new_tasks:
        place = places[task.deployment_id]
        places[task.deployment_id] = place + NEXT_PLACE
        rows.append(
            {
                "created_at": place,
                "execute_at": task.execute_at or place,
                "cluster_id": task.cluster_id,
                "deployment_id": task.deployment_id,
                "operation": task.operation,
                "status": TaskStatus.PENDING,
                "repeats": task.repeats,
                **_columns_of("acting", actor),
            }
        )
    inserted = insert(tasks).returning(tasks.c.id, sort_by_parameter_order=True)
    return [TaskId(task_id) for task_id in connection.scalars(inserted, rows)]


def _places(connection: Connection, ids: set[DeploymentId]) -> dict[DeploymentId, datetime]:
    """Return the `created_at` of each deployment's next task: the database's time, or just after its last task."""
    deployments = schema.deployments
    latest = func.max(tasks.c.created_at) + NEXT_PLACE
    query = (
        select(deployments.c.id, func.greatest(func.clock_timestamp(), latest))
        .outerjoin(tasks, tasks.c.deployment_id == deployments.c.id)
        .where(deployments.c.id.in_(ids))
        .group_by(deployments.c.id)
    )
    return {DeploymentId(found): place for found, place in connection.execute(query)}


def _columns_of(role: str, identity: Identity) -> dict[str, UUID]:
    """Return the column that names the identity in a ``role`` (`acting` or `canceled_by`), with its value."""
    match identity:
        case User():
            return {f"{role}_user_id": identity.id}
        case Bot():
            return {f"{role}_bot_id": identity.id}
        case Deployment():
            return {f"{role}_deployment_id": identity.id}


def queued_in_transaction(connection: Connection) -> Sequence[TaskRow]:
    """Return the Pending tasks that this transaction has queued so far, in the order of their creation.

    Those that it queued inside a savepoint are not seen.
    """
    is_own = text("xmin = pg_current_xact_id()::xid")
    query = select(*COLUMNS).where(tasks.c.status == TaskStatus.PENDING, is_own)
    return all_rows(connection, query.order_by(tasks.c.created_at, tasks.c.id), TaskRow)


def cancel(connection: Connection, task_id: TaskId, canceler: Identity, reason: str | None) -> bool:
    """Cancel a Pending task with one statement; return False when the task is not Pending.

    Without ``reason`` the former text stays.
    """
    statement = (
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.status == TaskStatus.PENDING)
        .values(
            status=TaskStatus.CANCELED,
            finished_at=func.clock_timestamp(),
            reason=func.coalesce(reason, tasks.c.reason),
            **_columns_of("canceled_by", canceler),
        )
    )
    return connection.execute(statement).rowcount == 1


def recreated_names(connection: Connection, deployment_id: DeploymentId) -> frozenset[str]:
    """Return the names of all namespaces between which the deployment's Recreates moved it."""
    parameters = tasks.c.operation["Recreate"]
    query = select(parameters["old_namespace"].astext, parameters["new_namespace"].astext).where(
        tasks.c.deployment_id == deployment_id, tasks.c.operation.has_key("Recreate")
    )
    return frozenset(name for names in connection.execute(query) for name in names if name)


def active_clusters(connection: Connection, deployment_id: DeploymentId) -> list[ClusterId]:
    """Return the clusters in whose queues tasks of the deployment are due or running, first in the queue first."""
    query = (
        select(tasks.c.cluster_id)
        .where(
            tasks.c.deployment_id == deployment_id,
            tasks.c.status.in_(ACTIVE_TASK_STATUSES),
            tasks.c.execute_at <= func.clock_timestamp(),
        )
        .order_by(tasks.c.execute_at, tasks.c.created_at, tasks.c.id)
    )
    return [*dict.fromkeys(ClusterId(cluster_id) for cluster_id in connection.scalars(query))]


def ask_to_stop(connection: Connection, task_id: TaskId, canceler: Identity) -> bool:
    """Name who wants a Started task to stop; its runner ends it. Return False when it is not Started, or was asked."""
    statement = (
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.status == TaskStatus.STARTED, ~is_asked_to_stop())
        .values(_columns_of("canceled_by", canceler))
    )
    return connection.execute(statement).rowcount == 1


def end_unserved(connection: Connection, task_id: TaskId, words: str) -> bool:
    """Cancel a Started task that no process runs; whoever claimed it can no longer write its end."""
    statement = (
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.status == TaskStatus.STARTED)
        .values(status=TaskStatus.CANCELED, finished_at=func.clock_timestamp(), reason=storable(words))
    )
    return connection.execute(statement).rowcount == 1


def cancel_all(
    connection: Connection, deployment_id: DeploymentId, canceler: Identity, reason: str
) -> list[TaskId]:
    """Cancel the Pending tasks of a deployment that is being deleted, but those that remove it; return their ids."""
    statement = (
        update(tasks)
        .where(tasks.c.deployment_id == deployment_id, tasks.c.status == TaskStatus.PENDING, ~removes())
        .values(
            status=TaskStatus.CANCELED,
            finished_at=func.clock_timestamp(),
            reason=reason,
            **_columns_of("canceled_by", canceler),
        )
        .returning(tasks.c.id)
    )
    return [TaskId(task_id) for task_id in connection.scalars(statement)]


def follow_deployment(
    connection: Connection, deployment_id: DeploymentId, cluster_id: ClusterId, *, uninstalls: bool
) -> None:
    """Move the Pending tasks of a deployment that changes its cluster to the new cluster, and so to its runner.

    Otherwise a cluster that is no longer served would hold up a deployment that leaves it. An Uninstall stays where its
    namespace is, unless ``uninstalls``.
    """
    statement = update(tasks).where(
        tasks.c.deployment_id == deployment_id, tasks.c.status == TaskStatus.PENDING
    )
    if not uninstalls:
        statement = statement.where(~removes())
    connection.execute(statement.values(cluster_id=cluster_id))


def give_up_started(
    connection: Connection, deployment_id: DeploymentId, cluster_id: ClusterId, reason: str
) -> list[TaskId]:
    """Fail the deployment's Started task in a cluster that nobody serves; return its id, if there was one.

    Whoever claimed it can no longer write its end.
    """
    statement = (
        update(tasks)
        .where(
            tasks.c.deployment_id == deployment_id,
            tasks.c.cluster_id == cluster_id,
            tasks.c.status == TaskStatus.STARTED,
        )
        .values(status=TaskStatus.FAILED, finished_at=func.clock_timestamp(), reason=storable(reason))
        .returning(tasks.c.id)
    )
    return [TaskId(task_id) for task_id in connection.scalars(statement)]


def keep_history_of_moved(connection: Connection, cluster_id: ClusterId) -> None:
    """Move the finished tasks of deployments that left the cluster to their present clusters, before it is deleted.

    Source: docs/contract/data-model.md, "Table deployment_tasks".
    """
    deployments = schema.deployments
    statement = (
        update(tasks)
        .where(
            tasks.c.cluster_id == cluster_id,
            tasks.c.status.in_(FINISHED_TASK_STATUSES),
            deployments.c.id == tasks.c.deployment_id,
            deployments.c.cluster_id != cluster_id,
        )
        .values(cluster_id=deployments.c.cluster_id)
    )
    connection.execute(statement)


def started(connection: Connection, deployment_id: DeploymentId) -> TaskId | None:
    """Return the task of the deployment that is running, or None."""
    query = select(tasks.c.id).where(
        tasks.c.deployment_id == deployment_id, tasks.c.status == TaskStatus.STARTED
    )
    found: UUID | None = connection.scalar(query)
    return None if found is None else TaskId(found)


def changed_since(connection: Connection, task: TaskRow) -> TaskId | None:
    """Return the newest task that changed the deployment after ``task``, or still will; None if there is none."""
    query = (
        select(tasks.c.id)
        .where(
            tasks.c.deployment_id == task.deployment_id,
            tasks.c.created_at > task.created_at,
            tasks.c.status.in_((*ACTIVE_TASK_STATUSES, TaskStatus.DONE)),
            or_(*(tasks.c.operation.has_key(name) for name in CHANGES)),
        )
        .order_by(tasks.c.created_at.desc())
        .limit(1)
    )
    found: UUID | None = connection.scalar(query)
    return None if found is None else TaskId(found)


def has_due(connection: Connection, deployment_id: DeploymentId) -> bool:
    """Return whether a task of the deployment is Started, or is Pending although its `execute_at` has passed."""
    query = select(tasks.c.id).where(
        tasks.c.deployment_id == deployment_id,
        tasks.c.status.in_(ACTIVE_TASK_STATUSES),
        tasks.c.execute_at <= func.clock_timestamp(),
    )
    return connection.scalar(query.limit(1)) is not None


def is_asked_to_stop() -> ColumnElement[bool]:
    """Return the condition for a Started task that somebody wants to stop."""
    return and_(tasks.c.status == TaskStatus.STARTED, or_(*(column.is_not(None) for column in CANCELERS)))


def removes() -> ColumnElement[bool]:
    """Return the condition for a task that removes its deployment from a cluster: it goes on when that is deleted."""
    return tasks.c.operation.has_key("Uninstall")
