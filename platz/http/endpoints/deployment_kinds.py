"""`/deployment-kinds`; the rules are in platz/changes/kinds.py.

Source: docs/contract/http-api.md, "Deployment kinds".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.changes import kinds
from platz.db.lists.catalogue import DEPLOYMENT_KINDS
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, update_route
from platz.http.openapi.models import Document, Name
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, found
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import KindId


class DeploymentKind(Document):
    """The type of a deployment."""

    id: UUID
    created_at: datetime
    name: str


class UpdateDeploymentKind(RequestBody):
    """The new name."""

    name: Name


def update(request: ApiRequest[UpdateDeploymentKind]) -> ApiResponse:
    """Rename the kind."""
    with request.database.transaction() as connection:
        kinds.rename_kind(connection, request.identity, KindId(request.path_id), request.body.name)
        return found(row_of(request, connection, DEPLOYMENT_KINDS, request.path_id))


ENTITY = Entity(
    path="/deployment-kinds", tag="Deployment Kinds", noun="a deployment kind", item=DeploymentKind
)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENT_KINDS, "allDeploymentKinds"),
    detail_route(ENTITY, DEPLOYMENT_KINDS, "getDeploymentKind"),
    update_route(
        ENTITY,
        "updateDeploymentKind",
        update,
        request=UpdateDeploymentKind,
        permission=Permission.SITE_ADMIN,
        errors=(409,),
    ),
)
