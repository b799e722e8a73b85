"""The endpoints that the client calls without the browser: token, userinfo, and the sandbox's own key rotation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from platz.errors import Rejected
from platz_sandbox.identity import claims, forms
from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.errors import TokenRefused
from platz_sandbox.identity.forms import Parameters
from platz_sandbox.identity.grants import ACCESS_TOKEN_LIFETIME, Grant, Grants
from platz_sandbox.identity.key_ring import KeyRing
from platz_sandbox.identity.products import Product


@dataclass(frozen=True, kw_only=True)
class TokenRoutes:
    """The handlers; each raises `TokenRefused`."""

    issuer: str
    client: Client
    grants: Grants
    keys: KeyRing
    product: Product
    clock: Callable[[], datetime]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo, methods=["GET", "POST"]),
            Route("/keys/rotate", self.rotate, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Exchange a code for tokens (RFC 6749, 4.1.3; OpenID Connect Core, 3.1.3)."""
        parameters = await _form(request)
        self.client.authenticate(request.headers.get("authorization"), parameters)
        _require_code_grant(parameters)
        grant, access_token = self.grants.redeem(
            code=_required(parameters, "code"),
            redirect_uri=_required(parameters, "redirect_uri"),
            code_verifier=parameters.get("code_verifier"),
        )
        return JSONResponse(
            self._tokens(grant, access_token), headers={"Pragma": "no-cache"}
        )  # RFC 6749, 5.1

    async def userinfo(self, request: Request) -> Response:
        """Return the claims about the user who signed in (OpenID Connect Core, 5.3)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self.grants.of_access_token(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise TokenRefused(
                "invalid_token",
                "the access token is missing, expired or revoked",
                status=HTTPStatus.UNAUTHORIZED,
            )
        if self.product.signs_userinfo:
            signed = claims.signed_userinfo(grant, self.product, issuer=self.issuer, key=self.keys.current())
            return Response(signed, media_type="application/jwt")
        return JSONResponse(claims.userinfo(grant, self.product))

    async def rotate(self, request: Request) -> Response:
        """Sign with a new key from now on."""
        self.client.authenticate(request.headers.get("authorization"), {})
        key = await run_in_threadpool(self.keys.rotate)
        return JSONResponse({"kid": key.kid})

    def _tokens(self, grant: Grant, access_token: str) -> dict[str, str | int]:
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            "scope": " ".join(sorted(grant.request.scope)),
            "id_token": claims.id_token(
                grant,
                self.product,
                issuer=self.issuer,
                key=self.keys.current(),
                access_token=access_token,
                now=self.clock(),
            ),
        }


async def answer_json(request: Request, error: Exception) -> Response:
    """Handle `TokenRefused` for Starlette."""
    if not isinstance(error, TokenRefused):
        raise error
    answer = JSONResponse(
        {"error": error.error, "error_description": error.message}, status_code=error.status
    )
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = _challenge(request, error)
    return answer


def _challenge(request: Request, error: TokenRefused) -> str:
    if request.url.path != "/userinfo":
        return 'Basic realm="platz-sandbox"'
    given = "authorization" in request.headers  # without credentials no error is named (RFC 6750, 3.1)
    return f'Bearer realm="platz-sandbox", error="{error.error}"' if given else 'Bearer realm="platz-sandbox"'


async def _form(request: Request) -> Parameters:
    try:
        return await forms.form(request)
    except Rejected as error:
        raise TokenRefused("invalid_request", error.message) from error


def _require_code_grant(parameters: Parameters) -> None:
    if _required(parameters, "grant_type") != "authorization_code":
        raise TokenRefused("unsupported_grant_type", "only authorization_code is supported")


def _required(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if value is None:
        raise TokenRefused("invalid_request", f"{name} is missing")
    return value
