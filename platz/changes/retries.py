"""The retry of a task that failed or was cancelled: the same inputs, as a new task that names the one it repeats.

Invariant: a retry never takes back what was changed since. It is refused unless the deployment still is what the task
was to make of it.

Source: docs/contract/http-api.md, "Retrying a task".
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import sees_cluster
from platz.changes.queueing import queue_operations
from platz.changes.tasks import TaskRequest, create_task
from platz.charts.documents.derived_names import namespace_name
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.field_encryption import decrypt_fields
from platz.db.tables import deployments, kinds, task_waits, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.tasks import TaskRow
from platz.errors import Conflict, NotFound
from platz.identities import Identity, TaskId
from platz.json import JsonValue, json_equal
from platz.tasks.operations import (
    Install,
    InvokeAction,
    Operation,
    Recreate,
    Reinstall,
    RestartK8sResource,
    Uninstall,
    Upgrade,
    from_json,
)

REPEATABLE = (TaskStatus.FAILED, TaskStatus.CANCELED)


def retry_task(connection: Connection, identity: Identity, task_id: TaskId, *, cipher: Cipher) -> TaskId:
    """Queue a task again and return the new task's id; the later steps of the same change follow it.

    Raises NotFound (also if the identity may not see the task), Denied (who may not request the operation), Conflict
    (the task neither failed nor was canceled, or the deployment was changed, disabled or deleted since).
    """
    task, deployment = _held(connection, identity, task_id)
    operation = from_json(task.operation)
    if isinstance(operation, InvokeAction | RestartK8sResource):
        _require_ended(task)
        return _request_again(connection, identity, task, operation, cipher)
    _require_permission(connection, identity, deployment, operation)
    _require_ended(task)
    _require_unchanged(connection, task, deployment)
    _require_fit(connection, deployment, operation, cipher)
    queued: list[TaskId] = []
    for step in (task, *_later_steps(connection, task)):
        again = queue_operations(
            connection,
            identity,
            deployment.id,
            deployment.cluster_id,
            [from_json(step.operation)],
            repeats=step.id,
        )
        if queued:
            task_waits.add(connection, again, queued[-1])
        queued += again
    return queued[0]


def _held(connection: Connection, identity: Identity, task_id: TaskId) -> tuple[TaskRow, DeploymentRow]:
    seen = tasks.get(connection, task_id)
    deployment = deployments.lock(connection, [seen.deployment_id]).get(seen.deployment_id) if seen else None
    task = tasks.lock(connection, task_id)
    if task is None or deployment is None:
        raise NotFound
    if not all(sees_cluster(connection, identity, each.cluster_id) for each in (task, deployment)):
        raise NotFound
    return task, deployment


def _request_again(
    connection: Connection,
    identity: Identity,
    task: TaskRow,
    operation: InvokeAction | RestartK8sResource,
    cipher: Cipher,
) -> TaskId:
    if isinstance(operation, InvokeAction):
        operation = replace(operation, body=decrypt_fields(operation.body, cipher))
    request = TaskRequest(deployment_id=task.deployment_id, operation=operation, repeats=task.id)
    return create_task(connection, identity, request, cipher=cipher)


def _require_permission(
    connection: Connection, identity: Identity, deployment: DeploymentRow, operation: Operation
) -> None:
    """Ask for the right that the change needed from which the task follows."""
    if not isinstance(operation, Uninstall):
        require = permissions.require_deployment_maintainer
    elif deployment.status is DeploymentStatus.DELETING:
        require = permissions.require_deployment_owner
    else:
        require = permissions.require_enabling
    require(connection, deployment.cluster_id, deployment.kind_id, identity, deployment_id=deployment.id)


def _require_ended(task: TaskRow) -> None:
    if task.status not in REPEATABLE:
        raise Conflict(
            f"This task is {task.status.value}; only one that failed or was canceled can be retried."
        )


def _require_unchanged(connection: Connection, task: TaskRow, deployment: DeploymentRow) -> None:
    removes = task.operation_name == "Uninstall"
    if deployment.status is DeploymentStatus.DELETING and not removes:
        raise Conflict("The deployment is being deleted, so this task can't be retried.")
    if removes and deployment.enabled and deployment.status is not DeploymentStatus.DELETING:
        raise Conflict("The deployment was enabled again since, so its removal can't be retried.")
    if not removes and not deployment.enabled:
        raise Conflict("The deployment was disabled since; enable it instead of retrying this task.")
    newer = tasks.changed_since(connection, task)
    if newer is not None:
        raise Conflict(f"The deployment was changed since by task {newer}, so this one can't be retried.")


def _require_fit(
    connection: Connection, deployment: DeploymentRow, operation: Operation, cipher: Cipher
) -> None:
    """Raise `Conflict` unless the deployment's row says what the operation is to make of it."""
    match operation:
        case Install() | Upgrade() if not _has_inputs_of(deployment, operation, cipher):
            raise Conflict(
                "The deployment has another chart, config or override by now, so this task can't be retried. Save the"
                " deployment again instead."
            )
        case Recreate() if not _is_at_new_place(connection, deployment, operation):
            raise Conflict(
                "The deployment has another name or cluster by now, so this move can't be retried."
            )
        case Reinstall() if deployment.revision_id is None:
            raise Conflict("Nothing of this deployment is installed, so there is nothing to install again.")
        case _:
            pass


def _has_inputs_of(deployment: DeploymentRow, operation: Install | Upgrade, cipher: Cipher) -> bool:
    def plain(document: JsonValue) -> JsonValue:
        return decrypt_fields(document, cipher)

    return (
        deployment.helm_chart_id == operation.helm_chart_id
        and json_equal(plain(deployment.config), plain(operation.config_inputs))
        and json_equal(deployment.values_override, operation.values_override)
    )


def _is_at_new_place(connection: Connection, deployment: DeploymentRow, operation: Recreate) -> bool:
    kind = kinds.get(connection, deployment.kind_id)
    if kind is None:
        return False
    place = (deployment.cluster_id, namespace_name(kind.name, deployment.name))
    return place == (operation.new_cluster_id, operation.new_namespace)


def _later_steps(connection: Connection, task: TaskRow) -> list[TaskRow]:
    """Return the steps of the same change that ended with the task: the Upgrade behind a Recreate."""
    step = task_waits.next_step(connection, task, REPEATABLE)
    return [] if step is None else [step]
