"""What the failure of a task means for its deployment and for the tasks that wait for it."""

from __future__ import annotations

from sqlalchemy import Connection

from platz.db.enums import REMOVAL_STATUSES, DeploymentStatus
from platz.db.tables import deployments, task_waits
from platz.db.tables.tasks import TaskRow
from platz.tasks.operation_kinds import OperationKind


def show_failure(connection: Connection, task: TaskRow, kind: OperationKind | None, reason: str) -> None:
    """Set the deployment's status to `Error` if the operation's failures show, and end what waits for the task.

    A task that was stopped on request has failed in this sense.

    The failure of a removal becomes the deployment's reason, while its status stays.
    """
    task_waits.end_what_waits(connection, [task.id], reason)
    if kind is not None and kind.failure_shows:
        deployments.set_status(connection, task.deployment_id, DeploymentStatus.ERROR, reason)
    elif kind is not None and kind.failure_is_told:
        told = f"What is installed could not be removed yet; Platz goes on trying. {reason}"
        deployments.set_reason_if(connection, task.deployment_id, REMOVAL_STATUSES, told)
