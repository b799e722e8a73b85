"""The end of tasks that crashes of the former server left behind; it never resumed a started task."""

from __future__ import annotations

from sqlalchemy import Connection, text

COMPLETE_TIMES = (
    """
    UPDATE deployment_tasks SET started_at = coalesce(first_attempted_at, execute_at)
    WHERE status = 'Started' AND started_at IS NULL
    """,
    "UPDATE deployment_tasks SET finished_at = NULL WHERE status IN ('Pending', 'Started') AND finished_at IS NOT NULL",
)
END_ABANDONED = """
    UPDATE deployment_tasks AS task SET status = 'Failed', finished_at = now(),
        reason = 'Platz stopped while this task ran, and later tasks have run since.'
    WHERE status = 'Started' AND EXISTS (
        SELECT FROM deployment_tasks AS later
        WHERE later.deployment_id = task.deployment_id AND later.started_at IS NOT NULL
          AND (later.started_at, later.created_at, later.id) > (task.started_at, task.created_at, task.id))
"""


def end_abandoned_tasks(connection: Connection) -> int:
    """Fail every Started task after which another task of its deployment has started; the rest are recovered."""
    for statement in COMPLETE_TIMES:
        connection.execute(text(statement))
    return connection.execute(text(END_ABANDONED)).rowcount
