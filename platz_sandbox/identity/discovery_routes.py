"""The discovery document and the public keys, which a client reads first (OpenID Connect Discovery, 3)."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from platz.json import JsonObject
from platz_sandbox.identity.key_ring import KeyRing

_FRESH = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, kw_only=True)
class DiscoveryRoutes:
    """The handlers."""

    issuer: str
    keys: KeyRing

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/jwks", self.jwks),
        ]

    async def configuration(self, _: Request) -> Response:
        """Return the discovery document."""
        return JSONResponse(self._document(), headers=_FRESH)

    async def jwks(self, _: Request) -> Response:
        """Return the public keys; clients fetch them again when a token has an unknown `kid`."""
        return JSONResponse(
            {"keys": self.keys.published()}, media_type="application/jwk-set+json", headers=_FRESH
        )

    def _document(self) -> JsonObject:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.keys.current().algorithm],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                *("sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "at_hash"),
                *("name", "email", "email_verified"),
            ],
            "prompt_values_supported": ["none", "login"],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }
