"""`/env-user-permissions`.

Source: docs/contract/http-api.md, "Environment user permissions".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.db.enums import EnvUserRole
from platz.db.lists.catalogue import ENV_USER_PERMISSIONS
from platz.db.tables import env_user_permissions
from platz.db.tables.env_user_permissions import EnvUserPermissionId
from platz.errors import Conflict, NotFound
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import EnvId, User, UserId


class EnvUserPermission(Document):
    """One user's role in one environment."""

    id: UUID
    created_at: datetime
    env_id: UUID
    user_id: UUID
    role: EnvUserRole


class NewEnvUserPermission(RequestBody):
    """A role to grant."""

    env_id: UUID
    user_id: UUID
    role: EnvUserRole


def create(request: ApiRequest[NewEnvUserPermission]) -> ApiResponse:
    """Grant the role."""
    env_id, user_id = EnvId(request.body.env_id), UserId(request.body.user_id)
    with request.database.transaction() as connection:
        permissions.require_env_admin(connection, env_id, request.identity)
        granted = env_user_permissions.create(
            connection, env_id=env_id, user_id=user_id, role=request.body.role
        )
        return created(row_of(request, connection, ENV_USER_PERMISSIONS, granted))


def delete(request: ApiRequest) -> ApiResponse:
    """Take the role away; nobody can lock themselves out."""
    permission_id = EnvUserPermissionId(request.path_id)
    with request.database.transaction() as connection:
        granted = env_user_permissions.lock(connection, permission_id)
        if granted is None:
            raise NotFound
        permissions.require_env_admin(connection, granted.env_id, request.identity)
        if request.identity == User(id=granted.user_id):
            raise Conflict("You can't delete your own permissions")
        env_user_permissions.remove(connection, permission_id)
    return no_content()


ENTITY = Entity(
    path="/env-user-permissions",
    tag="Env User Permissions",
    noun="a user's role in an environment",
    item=EnvUserPermission,
)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, ENV_USER_PERMISSIONS, "allEnvUserPermissions"),
    create_route(
        ENTITY,
        "createEnvUserPermission",
        create,
        request=NewEnvUserPermission,
        permission=Permission.ENV_ADMIN,
        errors=(409,),
    ),
    detail_route(ENTITY, ENV_USER_PERMISSIONS, "getEnvUserPermission"),
    delete_route(ENTITY, "deleteEnvUserPermission", delete, permission=Permission.ENV_ADMIN, errors=(409,)),
)
