"""Decides who may open a live connection, and in which mode.

Invariant: there is no anonymous feed. With subprotocols, the token must be one of them; without, the browser's cookie
must be present and the page must be ours. Every refusal is an HTTP response before the upgrade.

Source: docs/contract/http-api.md, "WebSocket handshake", "Cookie mode".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from platz.access.authentication import Authenticated, Authenticator
from platz.access.tokens import Tokens
from platz.access.visibility import Scope, scope_of
from platz.db.database import Database
from platz.errors import Denied, Unauthenticated
from platz.web_addresses import authority_of, origin_of

SUBPROTOCOL = "platz-auth-bearer"
LIVE_COOKIE = "platz_ws"
LIVE_PATH = "/api/v2/ws"


@dataclass(frozen=True, kw_only=True)
class UpgradeRequest:
    """The parts of a client's upgrade request that are checked."""

    subprotocols: Sequence[str]
    cookie: str | None
    origin: str | None
    host: str | None


@dataclass(frozen=True, kw_only=True)
class AcceptedClient:
    """An admitted client; ``subprotocol`` is named in the response, None in cookie mode."""

    authenticated: Authenticated
    scope: Scope
    key_fingerprint: str
    subprotocol: str | None


class HandshakeAuthenticator:
    """Admits or refuses upgrade requests; blocking, so it is called on a thread."""

    def __init__(
        self, authenticator: Authenticator, tokens: Tokens, database: Database, *, own_url: str
    ) -> None:
        self._authenticator = authenticator
        self._tokens = tokens
        self._database = database
        self._own_origin = origin_of(own_url)

    def authenticate(self, upgrade_request: UpgradeRequest) -> AcceptedClient:
        """Return the admitted client; raise `Unauthenticated`, `Denied` (foreign page) or `Retryable`."""
        fingerprint = self._tokens.key_fingerprint()
        authenticated = self._authenticate(upgrade_request)
        with self._database.reading() as connection:
            scope = scope_of(connection, authenticated.identity)
        subprotocol = SUBPROTOCOL if upgrade_request.subprotocols else None
        return AcceptedClient(
            authenticated=authenticated,
            scope=scope,
            key_fingerprint=fingerprint,
            subprotocol=subprotocol,
        )

    def _authenticate(self, upgrade_request: UpgradeRequest) -> Authenticated:
        match list(upgrade_request.subprotocols):
            case [name, token, *_] if name == SUBPROTOCOL:
                return self._authenticator.by_access_token(token)
            case []:
                self._require_own_page(upgrade_request)
                if upgrade_request.cookie is not None:
                    return self._authenticator.by_live_pass(upgrade_request.cookie)
            case _:
                pass
        raise Unauthenticated("Missing websocket access token")

    def _require_own_page(self, upgrade_request: UpgradeRequest) -> None:
        """Refuse pages of other sites: browsers send the cookie for any page."""
        if upgrade_request.origin is None:
            return
        origin = origin_of(upgrade_request.origin)
        if origin is None or (
            origin != self._own_origin and origin[1] != authority_of(origin[0], upgrade_request.host or "")
        ):
            raise Denied("This page may not open live events.", reason="foreign origin")
