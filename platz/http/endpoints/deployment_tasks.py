"""`/deployment-tasks`; the rules are in platz/changes/tasks.py.

Source: docs/contract/http-api.md, "Deployment tasks".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.changes import tasks
from platz.changes.retries import retry_task
from platz.changes.task_stops import stop_task
from platz.db.enums import TaskStatus
from platz.db.lists.catalogue import DEPLOYMENT_TASKS
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route
from platz.http.openapi.models import Document, Moment
from platz.http.openapi.task_models import DeploymentTaskOperation
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import DeploymentId, TaskId
from platz.observation.action_statuses import StatusForbidsAction
from platz.observation.status_polls import refresh_status
from platz.tasks.operations import from_json


class DeploymentTask(Document):
    """An operation on a deployment: queued, run once, kept as history."""

    id: UUID
    created_at: datetime
    execute_at: datetime
    first_attempted_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cluster_id: UUID
    deployment_id: UUID
    acting_user_id: UUID | None
    acting_bot_id: UUID | None
    acting_deployment_id: UUID | None
    canceled_by_user_id: UUID | None
    canceled_by_bot_id: UUID | None
    canceled_by_deployment_id: UUID | None
    operation: DeploymentTaskOperation
    status: TaskStatus
    reason: str | None
    repeats: UUID | None


class CreateDeploymentTask(RequestBody):
    """A task to queue: only InvokeAction and RestartK8sResource are accepted."""

    deployment_id: UUID
    operation: DeploymentTaskOperation
    execute_at: Moment | None = None


class CancelDeploymentTask(RequestBody):
    """Why the task is canceled."""

    reason: str | None = None


def create(request: ApiRequest[CreateDeploymentTask]) -> ApiResponse:
    """Check and queue an action or a restart."""
    wanted = tasks.TaskRequest(
        deployment_id=DeploymentId(request.body.deployment_id),
        operation=from_json(request.body.operation),
        execute_at=request.body.execute_at,
    )
    try:
        return _create(request, wanted)
    except (
        StatusForbidsAction
    ):  # judged by the last sample; the deployment is asked once, while nothing is locked
        refresh_status(request.database, request.services.ingress, wanted.deployment_id)
        return _create(request, wanted)


def _create(request: ApiRequest[CreateDeploymentTask], wanted: tasks.TaskRequest) -> ApiResponse:
    with request.database.transaction() as connection:
        task_id = tasks.create_task(connection, request.identity, wanted, cipher=request.services.cipher)
        return created(row_of(request, connection, DEPLOYMENT_TASKS, task_id))


def cancel(request: ApiRequest[CancelDeploymentTask]) -> ApiResponse:
    """Cancel a task that is due in more than five minutes."""
    task_id = TaskId(request.path_id)
    with request.database.transaction() as connection:
        tasks.cancel_task(connection, request.identity, task_id, request.body.reason)
        return found(row_of(request, connection, DEPLOYMENT_TASKS, task_id))


def stop(request: ApiRequest[CancelDeploymentTask]) -> ApiResponse:
    """Cancel a task that waits, or let one that runs be stopped."""
    task_id = TaskId(request.path_id)
    with request.database.transaction() as connection:
        stop_task(connection, request.identity, task_id, request.body.reason)
        return found(row_of(request, connection, DEPLOYMENT_TASKS, task_id))


def retry(request: ApiRequest) -> ApiResponse:
    """Queue a task again that failed or was canceled."""
    task_id = TaskId(request.path_id)
    with request.database.transaction() as connection:
        again = retry_task(connection, request.identity, task_id, cipher=request.services.cipher)
        return created(row_of(request, connection, DEPLOYMENT_TASKS, again))


ENTITY = Entity(path="/deployment-tasks", tag="Deployment Tasks", noun="a task", item=DeploymentTask)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENT_TASKS, "allDeploymentTasks"),
    create_route(
        ENTITY,
        "createDeploymentTask",
        create,
        request=CreateDeploymentTask,
        permission=Permission.PER_OPERATION,
        errors=(404, 409),
    ),
    detail_route(ENTITY, DEPLOYMENT_TASKS, "getDeploymentTask"),
    Route(
        method="DELETE",
        path=f"{ENTITY.path}/{{id}}",
        operation_id="cancelDeploymentTask",
        tag=ENTITY.tag,
        summary="Cancel a scheduled task",
        handler=cancel,
        permission=Permission.TASK_CANCELER,
        request=CancelDeploymentTask,
        body_required=False,
        response=DeploymentTask,
        errors=(404, 409),
    ),
    Route(
        method="POST",
        path=f"{ENTITY.path}/{{id}}/stop",
        operation_id="stopDeploymentTask",
        tag=ENTITY.tag,
        summary="Stop a task that waits or runs",
        handler=stop,
        permission=Permission.TASK_CANCELER,
        request=CancelDeploymentTask,
        body_required=False,
        response=DeploymentTask,
        errors=(404, 409),
    ),
    Route(
        method="POST",
        path=f"{ENTITY.path}/{{id}}/retry",
        operation_id="retryDeploymentTask",
        tag=ENTITY.tag,
        summary="Repeat a task that failed or was canceled",
        handler=retry,
        permission=Permission.PER_OPERATION,
        response=DeploymentTask,
        success=201,
        errors=(404, 409),
    ),
)
