"""What a task that is under way tells its users: for what it waits.

Invariant: the words go away with the task's end, and never replace it.
"""

from __future__ import annotations

from platz.db import task_queue
from platz.db.storable import storable
from platz.db.tables import deployments
from platz.db.tables.tasks import TaskRow
from platz.helm.report import bounded
from platz.tasks.context import Interrupted, OperationContext

MAX_CHARACTERS = 1_000


def require_going_on(context: OperationContext, task: TaskRow) -> None:
    """Raise `Interrupted` when the task must stop."""
    with context.database.reading() as connection:
        if task_queue.why_stop(connection, task) is not None:
            raise Interrupted


def tell_progress(context: OperationContext, task: TaskRow, words: str | None) -> None:
    """Write the words into the task's `reason`, and into its deployment's while that shows that the task runs.

    None removes what was written before. Raises `Interrupted` when the task must not go on.
    """
    shown = None if words is None else storable(bounded(words, MAX_CHARACTERS))
    with context.changing(task) as connection:
        if task_queue.why_stop(connection, task) is not None:
            raise Interrupted
        if task_queue.note(connection, task.id, context.claim, shown):
            deployments.explain_transition(connection, task.deployment_id, shown)
