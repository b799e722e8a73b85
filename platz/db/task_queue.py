"""The task queue: claiming, finishing and recovering tasks.

Invariants, kept by the database whatever the claimers do: a task is claimed once; a deployment has at most one
`Started` task with a claim; its tasks start in the order execute_at, created_at, id. A claim is a claim id in the row:
only the runner with that id can finish the task, so once another runner has taken a task over, the former one can't.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, func, literal_column, select, text, update

from platz.db.enums import TaskStatus
from platz.db.rows import all_rows
from platz.db.schema import deployment_tasks as tasks
from platz.db.schema import k8s_clusters as clusters
from platz.db.storable import storable
from platz.db.tables.tasks import COLUMNS, TaskRow
from platz.identities import ClusterId, TaskId

ClaimId = NewType("ClaimId", UUID)
"""The random id under which one `DeploymentRunner` instance claims tasks; each instance makes its own."""

IS_DUE = """
    cluster_id = :cluster_id AND status = 'Pending' AND execute_at <= statement_timestamp()
    AND NOT EXISTS (
        SELECT FROM deployment_tasks AS earlier
        WHERE earlier.deployment_id = task.deployment_id
          AND (earlier.status = 'Started'
            OR earlier.status = 'Pending'
               AND (earlier.execute_at, earlier.created_at, earlier.id)
                 < (task.execute_at, task.created_at, task.id)))
"""
"""The condition for a due task. A task behind an earlier `Pending` one of its deployment is not due, even while another
claimer has that one locked."""

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


def claim(connection: Connection, *, cluster_id: ClusterId, claimed_by: ClaimId, most: int) -> list[TaskRow]:
    """Claim up to ``most`` due tasks of the cluster (Pending -> Started), each of a different deployment.

    Returns them in queue order.
    """
    arguments = {"cluster_id": cluster_id, "claimed_by": claimed_by, "most": most}
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


def mark_done(connection: Connection, task_id: TaskId, claimed_by: ClaimId, output: str) -> bool:
    """Mark a Started task as Done; return False, and change nothing, when ``claimed_by`` no longer has it."""
    return _finish(connection, task_id, claimed_by, TaskStatus.DONE, output)


def mark_failed(connection: Connection, task_id: TaskId, claimed_by: ClaimId, reason: str) -> bool:
    """Mark a Started task as Failed; return False, and change nothing, when ``claimed_by`` no longer has it."""
    return _finish(connection, task_id, claimed_by, TaskStatus.FAILED, reason)


def note(connection: Connection, task_id: TaskId, claimed_by: UUID | None, words: str | None) -> bool:
    """Write what a Started task waits for into its `reason`; return False when ``claimed_by`` no longer has it."""
    return _change_claimed(connection, task_id, claimed_by, {"reason": words})


def abandon(connection: Connection, task_id: TaskId, *, formerly: UUID | None, reason: str) -> bool:
    """Mark a Started task as Failed for whoever claimed it; return False when the claim ``formerly`` is gone."""
    return _finish(connection, task_id, formerly, TaskStatus.FAILED, reason)


def take_over(connection: Connection, task_id: TaskId, *, claimed_by: ClaimId, formerly: UUID | None) -> bool:
    """Replace the claim ``formerly`` on a Started task by a new one; return False when it is no longer there.

    A task that a program of the former server started, without a claim, is not taken over while a claimed task of its
    deployment is Started.
    """
    if formerly is None and _runs_beside_a_claimed_one(connection, task_id):
        return False
    return _change_claimed(connection, task_id, formerly, {"claimed_by": claimed_by})


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


def _finish(
    connection: Connection, task_id: TaskId, claimed_by: UUID | None, status: TaskStatus, reason: str
) -> bool:
    values = {"status": status, "finished_at": func.clock_timestamp(), "reason": storable(reason)}
    return _change_claimed(connection, task_id, claimed_by, values)


def _change_claimed(
    connection: Connection, task_id: TaskId, claimed_by: UUID | None, values: Mapping[str, object]
) -> bool:
    statement = (
        update(tasks)
        .where(
            tasks.c.id == task_id,
            tasks.c.status == TaskStatus.STARTED,
            tasks.c.claimed_by.is_not_distinct_from(claimed_by),
        )
        .values(values)
    )
    return connection.execute(statement).rowcount == 1
