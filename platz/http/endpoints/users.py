"""`/users`. A user is created at the first sign-in.

Source: docs/contract/http-api.md, "Users".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.db.lists.catalogue import USERS
from platz.db.tables import users
from platz.errors import Denied, NotFound
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, update_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, found
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import User as UserIdentity
from platz.identities import UserId


class User(Document):
    """A human who signed in at least once."""

    id: UUID
    created_at: datetime
    display_name: str
    email: str
    is_admin: bool
    is_active: bool


class UpdateUser(RequestBody):
    """What to change."""

    is_admin: bool | None = None
    is_active: bool | None = None


def update(request: ApiRequest[UpdateUser]) -> ApiResponse:
    """Set the flags of another user."""
    user_id = UserId(request.path_id)
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        if request.identity == UserIdentity(id=user_id):
            raise Denied("You can't update your own user")
        if not users.lock(connection, user_id):
            raise NotFound
        users.save(connection, user_id, is_admin=request.body.is_admin, is_active=request.body.is_active)
        return found(row_of(request, connection, USERS, user_id))


ENTITY = Entity(path="/users", tag="Users", noun="a user", item=User)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, USERS, "allUsers"),
    detail_route(ENTITY, USERS, "getUser"),
    update_route(ENTITY, "updateUser", update, request=UpdateUser, permission=Permission.SITE_ADMIN),
)
