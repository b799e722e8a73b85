"""`/deployment-permissions`.

Source: docs/contract/http-api.md, "Deployment permissions".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.db.enums import DeploymentRole
from platz.db.lists.catalogue import DEPLOYMENT_PERMISSIONS
from platz.db.tables import deployment_permissions
from platz.db.tables.deployment_permissions import DeploymentPermissionId
from platz.errors import NotFound
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route
from platz.http.openapi.models import Document, Reference
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import EnvId, KindId, UserId


class DeploymentPermission(Document):
    """One user's role on all deployments of a kind in one environment."""

    id: UUID
    created_at: datetime
    env_id: UUID
    user_id: UUID
    kind_id: UUID
    role: DeploymentRole


class NewDeploymentPermission(RequestBody):
    """A role to grant."""

    env_id: Reference
    user_id: Reference
    kind_id: Reference
    role: DeploymentRole


def create(request: ApiRequest[NewDeploymentPermission]) -> ApiResponse:
    """Grant the role."""
    env_id = EnvId(request.body.env_id)
    with request.database.transaction() as connection:
        permissions.require_env_admin(connection, env_id, request.identity)
        granted = deployment_permissions.create(
            connection,
            env_id=env_id,
            user_id=UserId(request.body.user_id),
            kind_id=KindId(request.body.kind_id),
            role=request.body.role,
        )
        return created(row_of(request, connection, DEPLOYMENT_PERMISSIONS, granted))


def delete(request: ApiRequest) -> ApiResponse:
    """Take the role away."""
    permission_id = DeploymentPermissionId(request.path_id)
    with request.database.transaction() as connection:
        env_id = deployment_permissions.lock(connection, permission_id)
        if env_id is None:
            raise NotFound
        permissions.require_env_admin(connection, env_id, request.identity)
        deployment_permissions.remove(connection, permission_id)
    return no_content()


ENTITY = Entity(
    path="/deployment-permissions",
    tag="Deployment Permissions",
    noun="a user's role on a kind of deployment",
    item=DeploymentPermission,
)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENT_PERMISSIONS, "allDeploymentPermissions"),
    create_route(
        ENTITY,
        "createDeploymentPermission",
        create,
        request=NewDeploymentPermission,
        permission=Permission.ENV_ADMIN,
        errors=(409,),
    ),
    detail_route(ENTITY, DEPLOYMENT_PERMISSIONS, "getDeploymentPermission"),
    delete_route(ENTITY, "deleteDeploymentPermission", delete, permission=Permission.ENV_ADMIN),
)
