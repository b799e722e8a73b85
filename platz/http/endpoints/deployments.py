"""`/deployments`; the rules are in platz/changes/deployments.py.

Source: docs/contract/http-api.md, "Deployments".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platz.changes import deployments
from platz.db.enums import DeploymentStatus
from platz.db.lists.catalogue import DEPLOYMENTS
from platz.http.endpoints.overview.allowed_answers import (
    WITH_ALLOWED,
    AllowedChanges,
    told_with_deployment,
)
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route, update_route
from platz.http.openapi.models import AnyJson, Document, Reference
from platz.http.openapi.status_models import DeploymentReportedStatus
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Body, Permission, Route
from platz.identities import ChartId, ClusterId, DeploymentId, KindId, TaskId
from platz.preview import requested as requested_changes
from platz.preview.requested import Requested, unchecked


class Deployment(Document):
    """An instance of a chart in a cluster, installed or to be installed."""

    id: UUID
    created_at: datetime
    name: str
    kind_id: UUID
    cluster_id: UUID
    enabled: bool
    status: DeploymentStatus
    description_md: str | None
    reason: str | None
    revision_id: UUID | None
    reported_status: DeploymentReportedStatus | None
    helm_chart_id: UUID
    config: AnyJson
    values_override: AnyJson


class DeploymentDetail(Deployment):
    """A deployment; `allowed` is there when it is asked for."""

    allowed: AllowedChanges | None = None


class NewDeployment(RequestBody):
    """A deployment to create. Null and absence of `config` and `values_override` mean `{}`."""

    name: str = ""
    kind_id: Reference
    cluster_id: Reference
    helm_chart_id: Reference
    config: AnyJson = None
    values_override: AnyJson = None
    preview_id: str | None = None


class UpdateDeployment(RequestBody):
    """What to change; null means "not given". Other fields of a deployment are ignored."""

    name: str | None = None
    cluster_id: Reference | None = None
    helm_chart_id: Reference | None = None
    config: AnyJson = None
    values_override: AnyJson = None
    enabled: bool | None = None
    description_md: str | None = None
    preview_id: str | None = None


class Rollback(RequestBody):
    """The revision to go back to: the id of a successful Install or Upgrade of the deployment."""

    revision_id: UUID
    preview_id: str | None = None


def create(request: ApiRequest[NewDeployment]) -> ApiResponse:
    """Insert the deployment and queue its Install."""
    requested = requested_creation(request)
    return created(_made(request, requested, request.body.preview_id))


def update(request: ApiRequest[UpdateDeployment]) -> ApiResponse:
    """Save the changes and queue the tasks that follow from them."""
    requested = requested_update(request, update_of(request.body))
    return found(_made(request, requested, request.body.preview_id))


def rollback(request: ApiRequest[Rollback]) -> ApiResponse:
    """Bring back the chart, inputs and override of an earlier revision."""
    revision_id = TaskId(request.body.revision_id)
    cipher = request.services.cipher
    requested = requested_changes.rollback(
        request.identity, DeploymentId(request.path_id), revision_id, cipher
    )
    return found(_made(request, requested, request.body.preview_id))


def requested_creation(request: ApiRequest[NewDeployment]) -> Requested:
    """Return the creation that a request asks for."""
    body = request.body
    new = deployments.NewDeployment(
        name=body.name,
        kind_id=KindId(body.kind_id),
        cluster_id=ClusterId(body.cluster_id),
        helm_chart_id=ChartId(body.helm_chart_id),
        config=body.config,
        values_override=body.values_override,
    )
    return requested_changes.creation(request.identity, new, request.services.cipher)


def update_of(body: UpdateDeployment) -> deployments.DeploymentUpdate:
    """Return the update that a body describes."""
    return deployments.DeploymentUpdate(
        name=body.name,
        cluster_id=None if body.cluster_id is None else ClusterId(body.cluster_id),
        helm_chart_id=None if body.helm_chart_id is None else ChartId(body.helm_chart_id),
        config=body.config,
        values_override=body.values_override,
        enabled=body.enabled,
        description_md=body.description_md,
    )


def requested_update(request: ApiRequest[Body], wanted: deployments.DeploymentUpdate) -> Requested:
    """Return the update of the deployment in the request's path."""
    return requested_changes.update(
        request.identity, DeploymentId(request.path_id), wanted, request.services.cipher
    )


def _made(request: ApiRequest[Body], requested: Requested, preview_id: str | None) -> bytes:
    """Make a change, with a preview's id exactly as it was shown; return the row."""
    check = request.services.previews.as_shown(requested, preview_id) if preview_id else unchecked
    with request.database.transaction() as connection:
        deployment_id = requested.make(connection, check)
        return row_of(request, connection, DEPLOYMENTS, deployment_id)


def delete(request: ApiRequest) -> ApiResponse:
    """Mark the deployment as being deleted and queue its Uninstall."""
    with request.database.transaction() as connection:
        deployments.delete_deployment(connection, request.identity, DeploymentId(request.path_id))
    return no_content()


ENTITY = Entity(path="/deployments", tag="Deployments", noun="a deployment", item=Deployment)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENTS, "allDeployments"),
    create_route(
        ENTITY,
        "createDeployment",
        create,
        request=NewDeployment,
        permission=Permission.OWNER,
        errors=(404, 409),
    ),
    detail_route(
        replace(ENTITY, item=DeploymentDetail),
        DEPLOYMENTS,
        "getDeployment",
        parameters=(WITH_ALLOWED,),
        beside=told_with_deployment,
    ),
    update_route(
        ENTITY,
        "updateDeployment",
        update,
        request=UpdateDeployment,
        permission=Permission.MAINTAINER,
        errors=(409,),
    ),
    delete_route(ENTITY, "deleteDeployment", delete, permission=Permission.OWNER, errors=(409,)),
    Route(
        method="POST",
        path="/deployments/{id}/rollback",
        operation_id="rollbackDeployment",
        tag=ENTITY.tag,
        summary="Go back to an earlier revision of a deployment",
        handler=rollback,
        permission=Permission.MAINTAINER,
        request=Rollback,
        response=Deployment,
        errors=(404, 409),
    ),
)
