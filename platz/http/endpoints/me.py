"""`/auth/me` and `/server`: the caller, and the release that answers.

Source: docs/contract/http-api.md, "Authentication routes", "Server information".
"""

from __future__ import annotations

from uuid import UUID

from pydantic import RootModel

from platz.access.authentication import Credential
from platz.access.tokens import VerifiedClaims
from platz.db.lists import reading
from platz.db.lists.catalogue import BOTS, USERS
from platz.db.tables import accounts
from platz.errors import NotFound
from platz.http.endpoints import sign_in
from platz.http.endpoints.bots import Bot as BotDocument
from platz.http.endpoints.users import User as UserDocument
from platz.http.openapi.models import Document
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import Bot, Deployment, User


class MeUser(Document):
    """A human."""

    User: UserDocument


class MeBot(Document):
    """A bot."""

    Bot: BotDocument


class MeDeploymentDetails(Document):
    """The fields of a deployment that it may read itself."""

    id: UUID
    name: str


class MeDeployment(Document):
    """A deployment."""

    Deployment: MeDeploymentDetails


class MeResponse(RootModel[MeUser | MeBot | MeDeployment]):
    """An object with one key: the kind of identity."""


class ServerInfo(Document):
    """The server and its release."""

    version: str


def me(request: ApiRequest) -> ApiResponse:
    """Return the caller's identity; a user's browser also gets the cookie that opens live events."""
    body = b'{"%s":%s}' % (type(request.identity).__name__.encode(), _self(request))
    return ApiResponse(status=200, body=body, headers=_live_pass(request))


def server(request: ApiRequest) -> ApiResponse:
    """Return the release."""
    return answer_json({"version": request.services.version})


def _self(request: ApiRequest) -> bytes:
    with request.database.reading() as connection:
        match request.identity:
            case User(id=user_id):
                return reading.read_item(connection, USERS, user_id)
            case Bot(id=bot_id):
                return reading.read_item(connection, BOTS, bot_id)
            case Deployment(id=deployment_id):
                account = accounts.deployment_account(connection, deployment_id)
    if account is None:
        raise NotFound
    return answer_json({"id": str(account.id), "name": account.name}).body


def _live_pass(request: ApiRequest) -> tuple[tuple[str, str], ...]:
    """Return the cookie for a user's access token, which it expires with; none for other credentials."""
    proof = request.authenticated
    if proof is None or proof.credential is not Credential.ACCESS_TOKEN or proof.expires_at is None:
        return ()
    if not isinstance(proof.identity, User):
        return ()
    claims = VerifiedClaims(identity=proof.identity, expires_at=proof.expires_at)
    return (sign_in.live_pass(request.services, claims),)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/auth/me",
        operation_id="authMe",
        tag=sign_in.TAG,
        summary="Who am I?",
        handler=me,
        permission=Permission.SIGNED_IN,
        response=MeResponse,
    ),
    Route(
        method="GET",
        path="/server",
        operation_id="getServerInfo",
        tag="Server",
        summary="Which release is this?",
        handler=server,
        permission=Permission.ANYONE,
        response=ServerInfo,
    ),
)
