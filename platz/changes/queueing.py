"""The queueing of operations as tasks of one deployment, whose lock the caller holds (`platz.db.tables.tasks`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from platz.db.tables import tasks
from platz.identities import ClusterId, DeploymentId, Identity, TaskId
from platz.tasks.operations import Operation, to_json


def queue_operations(
    connection: Connection,
    actor: Identity,
    deployment_id: DeploymentId,
    cluster_id: ClusterId,
    operations: Iterable[Operation],
    *,
    execute_at: datetime | None = None,
    repeats: TaskId | None = None,
) -> list[TaskId]:
    """Queue the operations in order and return the tasks' ids; without ``execute_at`` they are due at once.

    ``repeats`` is the task that they do again.
    """
    new_tasks = [
        tasks.NewTask(
            deployment_id=deployment_id,
            cluster_id=cluster_id,
            operation=to_json(operation),
            execute_at=execute_at,
            repeats=repeats,
        )
        for operation in operations
    ]
    return tasks.insert_pending(connection, new_tasks, actor)
