"""The stopping of tasks by users: one that waits is cancelled, one that runs is ended by the runner that has it.

Invariant: a removal is never stopped, because Platz would go on removing anyway; nor is the call of an action, which
can't be taken back.

Source: docs/contract/http-api.md, "Stopping a task".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import sees_cluster
from platz.db.enums import TaskStatus
from platz.db.leases import is_served
from platz.db.tables import deployments, task_waits, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.tasks import TaskRow
from platz.errors import Conflict, NotFound
from platz.identities import Identity, TaskId
from platz.tasks.failures import show_failure
from platz.tasks.operation_kinds import OPERATION_KINDS

CANCELED = "It was canceled before it began."
NOBODY_RUNS_IT = (
    "This task was stopped on request. No running process of Platz serves its cluster, so what it had applied is not"
    " known; the next task goes on from there."
)
_WHY_NOT = {
    "Uninstall": (
        "An Uninstall can't be stopped: Platz goes on until everything is removed. Enable the deployment again to keep"
        " it, unless it is being deleted."
    ),
    "InvokeAction": (
        "The call of an action can't be stopped once it has begun: it was sent to the deployment, and ends by itself."
    ),
}


def stop_task(connection: Connection, identity: Identity, task_id: TaskId, reason: str | None) -> None:
    """Cancel a task that waits, at any time, or let its runner stop it; a second request changes nothing.

    ``reason`` becomes the text of a task that waited. Raises NotFound (also if the identity may not see the task),
    Denied (neither creator, maintainer nor site admin), Conflict (ended, or an operation that can't be stopped).
    """
    task, _ = stoppable(connection, identity, task_id)
    if task.status is TaskStatus.PENDING and task.operation_name != "Uninstall":
        tasks.cancel(connection, task_id, identity, reason)
        task_waits.end_what_waits(connection, [task_id], CANCELED)
        return
    if task.status not in (TaskStatus.PENDING, TaskStatus.STARTED):
        raise Conflict(f"This task is {task.status.value}, so there is nothing to stop.")
    if task.operation_name in _WHY_NOT:
        raise Conflict(_WHY_NOT[task.operation_name])
    tasks.ask_to_stop(connection, task_id, identity)
    if not is_served(connection, task.cluster_id):
        tasks.end_unserved(connection, task_id, NOBODY_RUNS_IT)
        show_failure(connection, task, OPERATION_KINDS.get(task.operation_name), NOBODY_RUNS_IT)


def stoppable(connection: Connection, identity: Identity, task_id: TaskId) -> tuple[TaskRow, DeploymentRow]:
    """Return the task and its deployment, both locked, for whoever may cancel the task."""
    seen = tasks.get(connection, task_id)
    deployment = deployments.lock(connection, [seen.deployment_id]).get(seen.deployment_id) if seen else None
    task = tasks.lock(connection, task_id)
    if task is None or deployment is None or not sees_cluster(connection, identity, task.cluster_id):
        raise NotFound
    permissions.require_task_cancel(
        connection,
        creator=task.creator,
        cluster_id=task.cluster_id,
        kind_id=deployment.kind_id,
        identity=identity,
        deployment_id=deployment.id,
    )
    return task, deployment
