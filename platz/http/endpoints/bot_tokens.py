"""`/bot-tokens`: the credentials of bots, for site admins only.

Invariant: the token's text is in the response to its creation and nowhere else.

Source: docs/contract/http-api.md, "Bot tokens".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platz.access.permissions import require_active_user, require_site_admin
from platz.access.tokens import new_api_token
from platz.db.lists import reading
from platz.db.lists.catalogue import BOT_TOKENS
from platz.db.tables import bots, tokens
from platz.errors import NotFound
from platz.http.endpoints.reading import detail_route, list_route
from platz.http.endpoints.writing import Entity, create_route, delete_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, answer_json, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import BotId


class BotToken(Document):
    """A token, without its secret."""

    id: UUID
    bot_id: UUID
    created_at: datetime
    created_by_user_id: UUID


class CreateBotToken(RequestBody):
    """The bot that the token is for."""

    bot_id: UUID


class CreatedBotToken(Document):
    """A new token with its secret, which is shown once and sent as `x-platz-token`."""

    created_token: str


def read_list(request: ApiRequest) -> ApiResponse:
    """Return a page of the tokens of all bots."""
    with request.database.reading() as connection:
        require_site_admin(connection, request.identity)
        return found(reading.read_page(connection, BOT_TOKENS, request.listing, seen=None))


def read_one(request: ApiRequest) -> ApiResponse:
    """Return a token."""
    with request.database.reading() as connection:
        require_site_admin(connection, request.identity)
        return found(reading.read_item(connection, BOT_TOKENS, request.path_id))


def create(request: ApiRequest[CreateBotToken]) -> ApiResponse:
    """Create a token and store who created it."""
    bot_id = BotId(request.body.bot_id)
    stored, text = new_api_token()
    with request.database.transaction() as connection:
        require_site_admin(connection, request.identity)
        creator = require_active_user(connection, request.identity)
        if not bots.exists(connection, bot_id):
            raise NotFound
        tokens.add_bot_token(
            connection,
            token_id=stored.id,
            bot_id=bot_id,
            created_by=creator,
            secret_hash=stored.secret_hash,
        )
    return answer_json({"created_token": text}, status=201)


def delete(request: ApiRequest) -> ApiResponse:
    """Revoke a token; it stops working at once."""
    with request.database.transaction() as connection:
        require_site_admin(connection, request.identity)
        if not tokens.remove_bot_token(connection, request.path_id):
            raise NotFound
    return no_content()


ENTITY = Entity(path="/bot-tokens", tag="Bot Tokens", noun="a bot token", item=BotToken)

ROUTES: tuple[AnyRoute, ...] = (
    replace(
        list_route(ENTITY, BOT_TOKENS, "allBotTokens"), handler=read_list, permission=Permission.SITE_ADMIN
    ),
    create_route(
        ENTITY,
        "createBotToken",
        create,
        request=CreateBotToken,
        permission=Permission.SITE_ADMIN,
        response=CreatedBotToken,
        errors=(404,),
    ),
    replace(
        detail_route(ENTITY, BOT_TOKENS, "getBotToken"), handler=read_one, permission=Permission.SITE_ADMIN
    ),
    delete_route(ENTITY, "deleteBotToken", delete, permission=Permission.SITE_ADMIN),
)
