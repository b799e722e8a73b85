"""Tasks that a user requests directly: actions and restarts, now or later, and their cancellation.

Invariant: every other operation follows from a change and can't be requested.

Source: docs/contract/http-api.md, "Deployment tasks".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import scope_of, sees_cluster
from platz.changes.queueing import queue_operations
from platz.charts.documents.actions import Action, find_action
from platz.charts.reading.problems import InvalidDocument
from platz.charts.rendering.action_bodies import action_body
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentRole, DeploymentStatus
from platz.db.field_encryption import reject_encrypted_markers
from platz.db.tables import charts, clusters, deployments, k8s_resources, task_waits, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.k8s_resources import WorkloadId
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import DeploymentId, EnvId, Identity, TaskId
from platz.observation.action_statuses import require_status
from platz.tasks.chart_items import DatabaseCollections
from platz.tasks.operation_kinds import OPERATION_KINDS, Needs
from platz.tasks.operations import InvokeAction, Operation, RestartK8sResource, name_of
from platz.tasks.sensitive_inputs import InputEncryption, of_schema

CLOSED_BEFORE_EXECUTION = timedelta(minutes=5)
"""The time before a task is due in which it can no longer be cancelled."""


@dataclass(frozen=True, kw_only=True)
class TaskRequest:
    """The requested task; without ``execute_at`` it is due at once. ``repeats`` is the task that it does again."""

    deployment_id: DeploymentId
    operation: Operation
    execute_at: datetime | None = None
    repeats: TaskId | None = None


def create_task(
    connection: Connection, identity: Identity, request: TaskRequest, *, cipher: Cipher
) -> TaskId:
    """Check an action or a restart, queue it, and return the task's id.

    ``cipher`` decrypts the secrets that an action's form may refer to, and encrypts the form's sensitive inputs in the
    task. Raises NotFound (deployment, chart, action, resource), Denied, Rejected (body, resource name), Conflict
    (cluster without environment, another chart, a status that does not allow the action, deployment being deleted).
    """
    deployment, env_id = _held(connection, identity, request.deployment_id)
    _require_right(connection, identity, deployment, request.operation)
    operation = _checked(connection, identity, deployment, env_id, request, cipher)
    if deployment.status is DeploymentStatus.DELETING:
        raise Conflict("This deployment is being deleted")
    [task_id] = queue_operations(
        connection,
        identity,
        deployment.id,
        deployment.cluster_id,
        [operation],
        execute_at=request.execute_at,
        repeats=request.repeats,
    )
    return task_id


def cancel_task(connection: Connection, identity: Identity, task_id: TaskId, reason: str | None) -> None:
    """Cancel a task that is not due within the next five minutes.

    Raises NotFound (also if the identity may not see the task), Denied (neither creator, maintainer nor site admin; too
    late), Conflict (not pending).
    """
    task = tasks.lock(connection, task_id)
    deployment = deployments.get(connection, task.deployment_id) if task else None
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
    if task.execute_at < datetime.now(UTC) + CLOSED_BEFORE_EXECUTION:
        raise Denied("Cannot cancel task which is closed to being executed")
    if not tasks.cancel(connection, task_id, identity, reason):
        raise Conflict(f"This task is {task.status.value}; only a pending task can be canceled")
    task_waits.end_what_waits(connection, [task_id], "It was canceled.")


def _held(
    connection: Connection, identity: Identity, deployment_id: DeploymentId
) -> tuple[DeploymentRow, EnvId]:
    """The locked deployment and its environment; raise `NotFound` also when the identity does not see it."""
    deployment = deployments.lock(connection, [deployment_id]).get(deployment_id)
    if deployment is None:
        raise NotFound
    cluster = clusters.get(connection, deployment.cluster_id)
    scope_of(connection, identity).require(cluster.env_id if cluster else None)
    if cluster is None or cluster.env_id is None:
        raise Conflict("Can't create a deployment task for a deployment in a cluster with no env_id")
    return deployment, cluster.env_id


def _require_right(
    connection: Connection, identity: Identity, deployment: DeploymentRow, operation: Operation
) -> None:
    match OPERATION_KINDS[name_of(operation)].needs:
        case Needs.CHANGE:
            raise Denied(f"{name_of(operation)} tasks can't be created through the API")
        case Needs.MAINTAINER:
            permissions.require_deployment_maintainer(
                connection,
                deployment.cluster_id,
                deployment.kind_id,
                identity,
                deployment_id=deployment.id,
            )
        case Needs.ACTION_ROLE:
            pass  # the action names the role


def _checked(
    connection: Connection,
    identity: Identity,
    deployment: DeploymentRow,
    env_id: EnvId,
    request: TaskRequest,
    cipher: Cipher,
) -> Operation:
    """Check what the operation is about, and return it as it is stored, with its sensitive inputs encrypted."""
    match request.operation:
        case InvokeAction() as invocation:
            action = _allowed_action(connection, identity, deployment, invocation)
            if request.execute_at is None:
                require_status(action, deployment.reported_status)
            _check_body(connection, action, invocation, env_id, cipher)
            encrypted = InputEncryption(sensitive=of_schema(action.ui_schema), cipher=cipher)
            return encrypted.operation(invocation)
        case RestartK8sResource() as restart:
            _require_workload(connection, deployment, restart)
            return restart
        case other:
            return other  # only the right had to be checked


def _allowed_action(
    connection: Connection, identity: Identity, deployment: DeploymentRow, invocation: InvokeAction
) -> Action:
    if invocation.helm_chart_id != deployment.helm_chart_id:
        raise Conflict(
            "helm_chart_id of action invocation must match the current helm_chart_id of the deployment"
        )
    chart = charts.get(connection, deployment.helm_chart_id)
    if chart is None or chart.actions_schema is None:
        raise NotFound("This helm chart does not have any actions")
    try:
        action = find_action(chart.actions_schema, invocation.action_id)
    except InvalidDocument as error:
        raise Conflict(f"The actions of the chart {chart.image_tag} can't be read") from error
    role = DeploymentRole(action.allowed_role.value)
    permissions.require_deployment_role(
        connection,
        deployment.cluster_id,
        deployment.kind_id,
        role,
        identity,
        deployment_id=deployment.id,
    )
    return action


def _check_body(
    connection: Connection, action: Action, invocation: InvokeAction, env_id: EnvId, cipher: Cipher
) -> None:
    """Render the body to raise its errors now; it is rendered again when the task runs."""
    reject_encrypted_markers(invocation.body, "operation")
    collections = DatabaseCollections(connection, cipher)
    action_body(action, invocation.body, env_id=env_id, collections=collections)


def _require_workload(connection: Connection, deployment: DeploymentRow, restart: RestartK8sResource) -> None:
    workload = k8s_resources.get(connection, WorkloadId(restart.resource_id))
    if workload is None or workload.deployment_id != deployment.id:
        raise NotFound(f"Unknown resource with id={restart.resource_id}")
    if workload.name != restart.resource_name:
        raise Rejected(
            f'Resource name to restart doesn\'t match: Provided "{restart.resource_name}",'
            f' actual "{workload.name}" (id={workload.id})'
        )
