"""`/helm-registries`, also as `/helm-registry/{id}` for the SDK.

Source: docs/contract/http-api.md, "Helm registries".

Source: docs/contract/http-api.md, "The SDKs".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.changes.shown_addresses import check_icon
from platz.db.enums import RegistryProvider
from platz.db.lists.catalogue import HELM_REGISTRIES
from platz.db.tables import registries
from platz.db.tables.registries import RegistryId
from platz.errors import NotFound
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, update_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, found
from platz.http.route import AnyRoute, ApiRequest, Permission


class HelmRegistry(Document):
    """One repository that holds the versions of one chart."""

    id: UUID
    created_at: datetime
    domain_name: str
    repo_name: str
    kind_id: UUID
    available: bool
    fa_icon: str
    provider: RegistryProvider


class UpdateHelmRegistry(RequestBody):
    """What to change."""

    fa_icon: str | None = None


def update(request: ApiRequest[UpdateHelmRegistry]) -> ApiResponse:
    """Choose another icon."""
    registry_id, icon = RegistryId(request.path_id), request.body.fa_icon
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        if icon is not None:
            check_icon(icon, "fa_icon")
        if icon is not None and not registries.set_icon(connection, registry_id, icon):
            raise NotFound
        return found(row_of(request, connection, HELM_REGISTRIES, registry_id))


ENTITY = Entity(path="/helm-registries", tag="Helm Registries", noun="a registry", item=HelmRegistry)
SINGULAR = Entity(path="/helm-registry", tag=ENTITY.tag, noun=ENTITY.noun, item=HelmRegistry)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, HELM_REGISTRIES, "allHelmRegistries"),
    *(
        route
        for entity, read_id, update_id in (
            (ENTITY, "getHelmRegistry", "updateHelmRegistry"),
            (SINGULAR, None, None),
        )
        for route in (
            detail_route(entity, HELM_REGISTRIES, read_id),
            update_route(
                entity, update_id, update, request=UpdateHelmRegistry, permission=Permission.SITE_ADMIN
            ),
        )
    ),
)
