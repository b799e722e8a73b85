"""`/envs`; the rules are in platz/changes/envs.py.

Source: docs/contract/http-api.md, "Environments".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.changes import envs
from platz.db.lists.catalogue import ENVS
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route, update_route
from platz.http.openapi.models import AnyJson, Document, Name
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import EnvId


class Env(Document):
    """The unit of visibility and permission."""

    id: UUID
    created_at: datetime
    name: str
    node_selector: AnyJson
    tolerations: AnyJson
    auto_add_new_users: bool


class NewEnv(RequestBody):
    """An environment to create."""

    name: Name
    auto_add_new_users: bool | None = None


class UpdateEnv(RequestBody):
    """What to change. A given node selector or tolerations reinstalls every enabled deployment of the env."""

    name: Name | None = None
    node_selector: AnyJson = None
    tolerations: AnyJson = None
    auto_add_new_users: bool | None = None


def create(request: ApiRequest[NewEnv]) -> ApiResponse:
    """Insert the environment; its creator becomes its admin."""
    new = envs.NewEnv(name=request.body.name, auto_add_new_users=bool(request.body.auto_add_new_users))
    with request.database.transaction() as connection:
        return created(row_of(request, connection, ENVS, envs.create_env(connection, request.identity, new)))


def update(request: ApiRequest[UpdateEnv]) -> ApiResponse:
    """Save the given fields."""
    update = envs.EnvUpdate(
        name=request.body.name,
        node_selector=request.body.node_selector,
        tolerations=request.body.tolerations,
        auto_add_new_users=request.body.auto_add_new_users,
    )
    with request.database.transaction() as connection:
        envs.update_env(connection, request.identity, EnvId(request.path_id), update)
        return found(row_of(request, connection, ENVS, request.path_id))


def delete(request: ApiRequest) -> ApiResponse:
    """Delete the environment; its clusters stay, without an environment."""
    with request.database.transaction() as connection:
        envs.delete_env(connection, request.identity, EnvId(request.path_id))
    return no_content()


ENTITY = Entity(path="/envs", tag="Envs", noun="an environment", item=Env)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, ENVS, "allEnvs"),
    create_route(
        ENTITY, "createEnv", create, request=NewEnv, permission=Permission.SITE_ADMIN, errors=(409,)
    ),
    detail_route(ENTITY, ENVS, "getEnv"),
    update_route(
        ENTITY, "updateEnv", update, request=UpdateEnv, permission=Permission.SITE_ADMIN, errors=(409,)
    ),
    delete_route(ENTITY, "deleteEnv", delete, permission=Permission.SITE_ADMIN, errors=(409,)),
)
