"""`/deployment-resources`; the rules are in platz/changes/resources.py.

Source: docs/contract/http-api.md, "Resource types and resources".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.changes import resources
from platz.db.enums import SyncStatus
from platz.db.lists.catalogue import DEPLOYMENT_RESOURCES
from platz.db.tables.deployment_resource_types import ResourceTypeId
from platz.db.tables.deployment_resources import ResourceId
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route, update_route
from platz.http.openapi.models import AnyJson, Document, JsonMap, Moment, Name
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import DeploymentId


class DeploymentResource(Document):
    """An item of a collection that a deployment manages; sensitive props are never returned."""

    id: UUID
    created_at: datetime
    type_id: UUID
    deployment_id: UUID | None
    name: str
    exists: bool
    props: JsonMap
    sync_status: SyncStatus
    sync_reason: str | None


class NewDeploymentResource(RequestBody):
    """A resource to create."""

    id: UUID | None = None
    created_at: Moment | None = None
    type_id: UUID
    deployment_id: UUID
    name: Name
    props: AnyJson = None
    sync_status: SyncStatus | None = None


class UpdateDeploymentResource(RequestBody):
    """What to change; props are merged deeply into the present ones."""

    name: Name | None = None
    props: AnyJson = None


def create(request: ApiRequest[NewDeploymentResource]) -> ApiResponse:
    """Insert the resource and request its create hook."""
    body = request.body
    new = resources.NewResource(
        type_id=ResourceTypeId(body.type_id),
        deployment_id=DeploymentId(body.deployment_id),
        name=body.name,
        props=body.props,
        id=None if body.id is None else ResourceId(body.id),
        created_at=body.created_at,
        sync_status=body.sync_status or SyncStatus.CREATING,
    )
    with request.database.transaction() as connection:
        resource_id = resources.create_resource(
            connection, request.identity, new, cipher=request.services.cipher
        )
        return created(row_of(request, connection, DEPLOYMENT_RESOURCES, resource_id))


def update(request: ApiRequest[UpdateDeploymentResource]) -> ApiResponse:
    """Save the changes, request the update hook, reinstall dependants. The response has the previous status."""
    update = resources.ResourceUpdate(name=request.body.name, props=request.body.props)
    resource_id = ResourceId(request.path_id)
    with request.database.transaction() as connection:
        row = resources.update_resource(
            connection, request.identity, resource_id, update, cipher=request.services.cipher
        )
        before = {"sync_status": row.sync_status.value}
        if row.sync_reason is not None:
            before["sync_reason"] = row.sync_reason
        return found(row_of(request, connection, DEPLOYMENT_RESOURCES, resource_id, shown=before))


def delete(request: ApiRequest) -> ApiResponse:
    """Request the delete hook."""
    with request.database.transaction() as connection:
        resources.delete_resource(connection, request.identity, ResourceId(request.path_id))
    return no_content()


ENTITY = Entity(
    path="/deployment-resources",
    tag="Deployment Resources",
    noun="a deployment resource",
    item=DeploymentResource,
)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENT_RESOURCES, "allDeploymentResources"),
    create_route(
        ENTITY,
        "createDeploymentResource",
        create,
        request=NewDeploymentResource,
        permission=Permission.RESOURCE_EDITOR,
        errors=(404, 409),
    ),
    detail_route(ENTITY, DEPLOYMENT_RESOURCES, "getDeploymentResource"),
    # The SDK reads one resource with POST (docs/contract/http-api.md, "The SDKs").
    detail_route(ENTITY, DEPLOYMENT_RESOURCES, None, method="POST"),
    update_route(
        ENTITY,
        "updateDeploymentResource",
        update,
        request=UpdateDeploymentResource,
        permission=Permission.RESOURCE_EDITOR,
        errors=(409,),
    ),
    delete_route(
        ENTITY,
        "deleteDeploymentResource",
        delete,
        permission=Permission.RESOURCE_EDITOR,
        errors=(409,),
    ),
)
