"""`/secrets`; the rules are in platz/changes/secrets.py.

Source: docs/contract/http-api.md, "Secrets".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from platz.changes import secrets
from platz.db.lists.catalogue import SECRETS
from platz.db.tables.secrets import SecretId
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route, update_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import EnvId


class Secret(Document):
    """A secret of an environment; its contents are never returned."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    env_id: UUID
    collection: str
    name: str


class NewSecret(RequestBody):
    """A secret to create."""

    env_id: UUID
    collection: str
    name: str
    contents: str = Field(repr=False)


class UpdateSecret(RequestBody):
    """What to change."""

    name: str | None = None
    contents: str | None = Field(default=None, repr=False)


def create(request: ApiRequest[NewSecret]) -> ApiResponse:
    """Insert the secret."""
    body = request.body
    new = secrets.NewSecret(
        env_id=EnvId(body.env_id), collection=body.collection, name=body.name, contents=body.contents
    )
    with request.database.transaction() as connection:
        secret_id = secrets.create_secret(connection, request.identity, new, cipher=request.services.cipher)
        return created(row_of(request, connection, SECRETS, secret_id))


def update(request: ApiRequest[UpdateSecret]) -> ApiResponse:
    """Save the given fields and reinstall the deployments that use the secret."""
    update = secrets.SecretUpdate(name=request.body.name, contents=request.body.contents)
    secret_id = SecretId(request.path_id)
    with request.database.transaction() as connection:
        secrets.update_secret(connection, request.identity, secret_id, update, cipher=request.services.cipher)
        return found(row_of(request, connection, SECRETS, secret_id))


def delete(request: ApiRequest) -> ApiResponse:
    """Delete the secret."""
    with request.database.transaction() as connection:
        secrets.delete_secret(connection, request.identity, SecretId(request.path_id))
    return no_content()


ENTITY = Entity(path="/secrets", tag="Secrets", noun="a secret", item=Secret)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, SECRETS, "allSecrets"),
    create_route(
        ENTITY, "createSecret", create, request=NewSecret, permission=Permission.ENV_ADMIN, errors=(409,)
    ),
    detail_route(ENTITY, SECRETS, "getSecret"),
    update_route(
        ENTITY, "updateSecret", update, request=UpdateSecret, permission=Permission.ENV_ADMIN, errors=(409,)
    ),
    delete_route(ENTITY, "deleteSecret", delete, permission=Permission.ENV_ADMIN, errors=(409,)),
)
