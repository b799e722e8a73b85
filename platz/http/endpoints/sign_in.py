"""`/auth/google` and `/auth/google/callback`: signing in through any OpenID provider.

The word `google` in the paths is historical. The rules are in platz/access/sign_in.py.

Source: docs/contract/http-api.md, "Authentication routes".
"""

from __future__ import annotations

from datetime import UTC, datetime

from platz.access.sign_in import SignIn
from platz.access.tokens import VerifiedClaims
from platz.access.visibility import page_state
from platz.http.cookies import SIGN_IN_COOKIE, Cookies
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.http.services import Services

TAG = "Authentication"


class StartGoogleLoginResponse(Document):
    """The address to which the browser goes to sign in."""

    redirect_url: str


class OAuth2Response(RequestBody):
    """The parameters with which the provider sent the browser back; ``state`` is checked if it is given."""

    auth_code: str
    state: str | None = None


class FinishGoogleLoginResponse(Document):
    """The access token, good for seven days."""

    access_token: str


def start(request: ApiRequest) -> ApiResponse:
    """Begin a sign-in; its secrets are kept in a cookie of the browser."""
    started = _sign_in(request.services).start()
    cookie = Cookies(own_url=request.services.own_url).keep_sign_in(started.cookie)
    answer = answer_json({"redirect_url": started.redirect_url})
    return ApiResponse(status=200, body=answer.body, headers=(cookie,))


def finish(request: ApiRequest[OAuth2Response]) -> ApiResponse:
    """Exchange the code; clear the sign-in's cookie and set the one for live events."""
    cookies = Cookies(own_url=request.services.own_url)
    signed_in = _sign_in(request.services).finish(
        code=request.body.auth_code, state=request.body.state, cookie=request.cookies.get(SIGN_IN_COOKIE)
    )
    identity, token = signed_in.user, signed_in.token
    answer = answer_json({"access_token": token.text})
    headers = (
        cookies.clear_sign_in(),
        live_pass(request.services, VerifiedClaims(identity=identity, expires_at=token.expires_at)),
    )
    return ApiResponse(status=200, body=answer.body, headers=headers)


def live_pass(services: Services, claims: VerifiedClaims) -> tuple[str, str]:
    """Return the header that lets this browser open live events, and be told later what it has missed.

    Source: docs/contract/http-api.md, "Cookie mode".
    """
    with services.database.reading() as connection:
        page = page_state(connection, claims.identity)
    value = services.tokens.seal_live_pass(claims, page)
    cookies = Cookies(own_url=services.own_url)
    return cookies.keep_live_pass(value, expires_at=claims.expires_at, now=datetime.now(UTC))


def _sign_in(services: Services) -> SignIn:
    return SignIn(
        services.identity_provider,
        services.tokens,
        services.database,
        admin_emails=services.admin_emails,
    )


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/auth/google",
        operation_id="startGoogleLogin",
        tag=TAG,
        summary="Begin to sign in",
        handler=start,
        permission=Permission.ANYONE,
        signs_in=True,
        response=StartGoogleLoginResponse,
    ),
    Route(
        method="POST",
        path="/auth/google/callback",
        operation_id="finishGoogleLogin",
        tag=TAG,
        summary="Finish to sign in",
        handler=finish,
        permission=Permission.ANYONE,
        signs_in=True,
        request=OAuth2Response,
        response=FinishGoogleLoginResponse,
        errors=(401, 403),
    ),
)
