"""Queries over `platz_task_waits`: tasks that begin only when another task, often of another deployment, is done.

Invariant: a task waits for one that was queued before it, in the same transaction or an earlier one, so tasks never
wait in a circle. When a task ends without success, `end_what_waits` is called in the transaction that records it, so
nothing waits for what will never be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, insert, select, text

from platz.db.enums import TaskStatus
from platz.db.rows import first_row
from platz.db.schema import deployment_tasks as tasks
from platz.db.schema import platz_task_waits
from platz.db.storable import storable
from platz.db.tables.tasks import COLUMNS, TaskRow
from platz.identities import TaskId

END_WHAT_WAITS = text("""
    WITH RECURSIVE behind AS (
        SELECT wait.task_id, wait.waits_for
        FROM platz_task_waits AS wait WHERE wait.waits_for = ANY(:ids)
        UNION
        SELECT wait.task_id, wait.waits_for
        FROM platz_task_waits AS wait JOIN behind ON wait.waits_for = behind.task_id
    ), ending AS (
        SELECT behind.task_id, first.deployment_id AS after,
            CASE WHEN deployment.name = '' THEN kind.name ELSE deployment.name END AS name
        FROM behind
        JOIN deployment_tasks AS first ON first.id = behind.waits_for
        JOIN deployments AS deployment ON deployment.id = first.deployment_id
        JOIN deployment_kinds AS kind ON kind.id = deployment.kind_id
    )
    UPDATE deployment_tasks AS task
    SET finished_at = clock_timestamp(),
        status = CASE WHEN task.deployment_id = after THEN 'Failed' ELSE 'Canceled' END,
        canceled_by_deployment_id = CASE WHEN task.deployment_id <> after THEN after END,
        reason = CASE WHEN task.deployment_id = after THEN 'The step before this one failed: '
            ELSE 'The change of ' || name || ', which this deployment depends on, was not carried out: ' END
            || :words
    FROM ending WHERE task.id = ending.task_id AND task.status = 'Pending'
""")


def add(connection: Connection, waiting: Iterable[TaskId], waits_for: TaskId) -> None:
    """Let new tasks wait for a task."""
    rows = [{"task_id": task_id, "waits_for": waits_for} for task_id in waiting]
    if rows:
        connection.execute(insert(platz_task_waits), rows)


def next_step(
    connection: Connection, task: TaskRow, statuses: Collection[TaskStatus] = (TaskStatus.PENDING,)
) -> TaskRow | None:
    """Return the task of the same deployment that waits for the task: the next step of the same change.

    None unless it has one of the ``statuses``.
    """
    query = (
        select(*COLUMNS)
        .join(platz_task_waits, platz_task_waits.c.task_id == tasks.c.id)
        .where(
            platz_task_waits.c.waits_for == task.id,
            tasks.c.deployment_id == task.deployment_id,
            tasks.c.status.in_(list(statuses)),
        )
    )
    return first_row(connection, query, TaskRow)


def end_what_waits(connection: Connection, ended: Collection[TaskId], words: str) -> None:
    """End everything that waits for tasks which ended without success for the reason ``words``.

    A later step of the same deployment is `Failed`; a task of another deployment is `Canceled` in the name of the
    deployment for which it waited.

    Source: docs/contract/workers.md, "Tasks that wait for another task".
    """
    if ended:
        connection.execute(END_WHAT_WAITS, {"ids": list(ended), "words": storable(words)})
