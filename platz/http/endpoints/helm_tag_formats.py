"""`/helm-tag-formats`.

Source: docs/contract/http-api.md, "Helm tag formats".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.charts.tag_formats import validate_pattern
from platz.db.lists.catalogue import HELM_TAG_FORMATS
from platz.db.tables import tag_formats
from platz.db.tables.tag_formats import TagFormatId
from platz.errors import NotFound, Rejected
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission


class HelmTagFormat(Document):
    """A regular expression that reads version, revision, branch and commit out of a chart's tag."""

    id: UUID
    created_at: datetime
    pattern: str


class NewHelmTagFormat(RequestBody):
    """A format to add; it comes before the older ones."""

    pattern: str


def create(request: ApiRequest[NewHelmTagFormat]) -> ApiResponse:
    """Add the format; chart discovery reads the charts' tags again."""
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        try:
            validate_pattern(request.body.pattern)
        except Rejected as error:
            raise Rejected(f"Pattern error: {error.message}", field="pattern") from error
        return created(
            row_of(
                request, connection, HELM_TAG_FORMATS, tag_formats.create(connection, request.body.pattern)
            )
        )


def delete(request: ApiRequest) -> ApiResponse:
    """Remove the format; charts keep the values that were read with it."""
    format_id = TagFormatId(request.path_id)
    with request.database.transaction() as connection:
        if not tag_formats.lock(connection, format_id):
            raise NotFound
        permissions.require_site_admin(connection, request.identity)
        tag_formats.remove(connection, format_id)
    return no_content()


ENTITY = Entity(path="/helm-tag-formats", tag="Helm Tag Formats", noun="a tag format", item=HelmTagFormat)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, HELM_TAG_FORMATS, "allHelmTagFormats"),
    create_route(
        ENTITY,
        "createHelmTagFormat",
        create,
        request=NewHelmTagFormat,
        permission=Permission.SITE_ADMIN,
        errors=(409,),
    ),
    detail_route(ENTITY, HELM_TAG_FORMATS, "getHelmTagFormat"),
    delete_route(ENTITY, "deleteHelmTagFormat", delete, permission=Permission.SITE_ADMIN),
)
