"""`/user-tokens`: the credentials that users make for their own programs.

Invariant: a token has all rights of its owner, so only the owner and site admins see or create one. Its text is in the
response to its creation and nowhere else.

Source: docs/contract/http-api.md, "User tokens".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from platz.access.permissions import is_site_admin, require_active_user
from platz.access.tokens import new_api_token
from platz.db.lists import reading
from platz.db.lists.catalogue import USER_TOKENS
from platz.db.lists.reading import Listing
from platz.db.tables import tokens, users
from platz.errors import Denied, NotFound
from platz.http.endpoints.reading import detail_route, list_route
from platz.http.endpoints.writing import Entity, create_route, delete_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, answer_json, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import UserId

OTHERS_TOKENS = "Non-admin users are not allowed to query for user-tokens of other users"


class UserToken(Document):
    """A token, without its secret."""

    id: UUID
    user_id: UUID
    created_at: datetime


class CreateUserToken(RequestBody):
    """The user that the token is for; the caller when it is left out."""

    user_id: UUID | None = None


class CreatedUserToken(Document):
    """A new token with its secret, which is shown once and sent as `x-platz-token`."""

    created_token: str


class _Asker(NamedTuple):
    """The calling user."""

    id: UserId
    is_admin: bool

    def may_touch(self, owner: UserId) -> bool:
        return self.is_admin or owner == self.id


def read_list(request: ApiRequest) -> ApiResponse:
    """Return a page of tokens: site admins see all, or those of the user they ask for; others see their own."""
    with request.database.reading() as connection:
        listing = _permitted(_asker(connection, request), request.listing)
        return found(reading.read_page(connection, USER_TOKENS, listing, seen=None))


def read_one(request: ApiRequest) -> ApiResponse:
    """Return a token; 404 for tokens of other users."""
    with request.database.reading() as connection:
        asker, owner = _asker(connection, request), tokens.owner_of_user_token(connection, request.path_id)
        if owner is None or not asker.may_touch(owner):
            raise NotFound
        return found(reading.read_item(connection, USER_TOKENS, request.path_id))


def create(request: ApiRequest[CreateUserToken]) -> ApiResponse:
    """Create a token for the caller or, as a site admin, for any user."""
    stored, text = new_api_token()
    with request.database.transaction() as connection:
        asker = _asker(connection, request)
        owner = asker.id if request.body.user_id is None else UserId(request.body.user_id)
        if not asker.may_touch(owner):
            raise Denied(reason=f"user {asker.id} is not a site admin")
        if not users.exists(connection, owner):
            raise NotFound
        tokens.add_user_token(connection, token_id=stored.id, user_id=owner, secret_hash=stored.secret_hash)
    return answer_json({"created_token": text}, status=201)


def delete(request: ApiRequest) -> ApiResponse:
    """Revoke a token, which stops working at once; 404 for tokens of other users."""
    with request.database.transaction() as connection:
        asker, owner = _asker(connection, request), tokens.owner_of_user_token(connection, request.path_id)
        if owner is None or not asker.may_touch(owner):
            raise NotFound
        tokens.remove_user_token(connection, request.path_id)
    return no_content()


def _asker(connection: Connection, request: ApiRequest[Any]) -> _Asker:  # Any: the body plays no part
    """Return the calling user; raise `Denied` for other identities."""
    user_id = require_active_user(connection, request.identity)
    return _Asker(id=user_id, is_admin=is_site_admin(connection, request.identity))


def _permitted(asker: _Asker, listing: Listing) -> Listing:
    if asker.is_admin:
        return listing
    if listing.filters.get("user_id", asker.id) != asker.id:
        raise Denied(OTHERS_TOKENS, reason=f"user {asker.id} is not a site admin")
    return replace(listing, filters={**listing.filters, "user_id": asker.id})


ENTITY = Entity(path="/user-tokens", tag="User Tokens", noun="a user token", item=UserToken)

ROUTES: tuple[AnyRoute, ...] = (
    replace(list_route(ENTITY, USER_TOKENS, "allUserTokens"), handler=read_list, permission=Permission.USER),
    create_route(
        ENTITY,
        "createUserToken",
        create,
        request=CreateUserToken,
        permission=Permission.OWN_OR_SITE_ADMIN,
        response=CreatedUserToken,
        errors=(404,),
    ),
    replace(
        detail_route(ENTITY, USER_TOKENS, "getUserToken"),
        handler=read_one,
        permission=Permission.OWN_OR_SITE_ADMIN,
    ),
    delete_route(ENTITY, "deleteUserToken", delete, permission=Permission.OWN_OR_SITE_ADMIN),
)
