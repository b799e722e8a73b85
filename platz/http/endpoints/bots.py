"""`/bots`.

Source: docs/contract/http-api.md, "Bots".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.access import permissions
from platz.db.lists.catalogue import BOTS
from platz.db.tables import bots
from platz.errors import NotFound
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, create_route, delete_route, update_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, created, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import BotId


class Bot(Document):
    """An account for automation, managed by site admins."""

    id: UUID
    created_at: datetime
    display_name: str


class NewBot(RequestBody):
    """A bot to create."""

    display_name: str


class UpdateBot(RequestBody):
    """What to change."""

    display_name: str | None = None


def create(request: ApiRequest[NewBot]) -> ApiResponse:
    """Insert the bot."""
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        return created(row_of(request, connection, BOTS, bots.create(connection, request.body.display_name)))


def update(request: ApiRequest[UpdateBot]) -> ApiResponse:
    """Rename the bot."""
    bot_id, name = BotId(request.path_id), request.body.display_name
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        if name is not None and not bots.rename(connection, bot_id, name):
            raise NotFound
        return found(row_of(request, connection, BOTS, bot_id))


def delete(request: ApiRequest) -> ApiResponse:
    """Delete the bot with its tokens."""
    with request.database.transaction() as connection:
        permissions.require_site_admin(connection, request.identity)
        if not bots.remove(connection, BotId(request.path_id)):
            raise NotFound
    return no_content()


ENTITY = Entity(path="/bots", tag="Bots", noun="a bot", item=Bot)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, BOTS, "allBots"),
    create_route(ENTITY, "createBot", create, request=NewBot, permission=Permission.SITE_ADMIN),
    detail_route(ENTITY, BOTS, "getBot"),
    update_route(ENTITY, "updateBot", update, request=UpdateBot, permission=Permission.SITE_ADMIN),
    delete_route(ENTITY, "deleteBot", delete, permission=Permission.SITE_ADMIN),
)
