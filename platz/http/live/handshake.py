"""Who may open a live connection, and in which mode (http-api.md sections 8.1, 8.5).

Invariant: there is no anonymous feed. With subprotocols the token must be among them; without, the
browser's cookie must be there and the page must be ours. Every refusal happens before the upgrade, as an
HTTP answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from platz.access.authentication import Authenticated, Authenticator
from platz.access.origins import authority_of, origin_of
from platz.access.tokens import Tokens
from platz.access.visibility import Scope, scope_of
from platz.db.database import Database
from platz.errors import Denied, Unauthenticated

SUBPROTOCOL = "platz-auth-bearer"
LIVE_COOKIE = "platz_ws"
LIVE_PATH = "/api/v2/ws"


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What a client presents when it asks for the upgrade."""

    subprotocols: Sequence[str]
    cookie: str | None
    origin: str | None
    host: str | None


@dataclass(frozen=True, kw_only=True)
class Admission:
    """An admitted client; ``subprotocol`` is what the answer names, None in cookie mode."""

    authenticated: Authenticated
    scope: Scope
    key_fingerprint: str
    subprotocol: str | None


class Gatekeeper:
    """Admits or refuses; blocking, so it is called on a thread."""

    def __init__(
        self, authenticator: Authenticator, tokens: Tokens, database: Database, *, own_url: str
    ) -> None:
        self._authenticator = authenticator
        self._tokens = tokens
        self._database = database
        self._own_origin = origin_of(own_url)

    def admit(self, hello: Hello) -> Admission:
        """Raise `Unauthenticated`, `Denied` (foreign page) or `Retryable`."""
        fingerprint = self._tokens.key_fingerprint()
        authenticated = self._authenticate(hello)
        with self._database.reading() as connection:
            scope = scope_of(connection, authenticated.identity)
        subprotocol = SUBPROTOCOL if hello.subprotocols else None
        return Admission(
            authenticated=authenticated,
            scope=scope,
            key_fingerprint=fingerprint,
            subprotocol=subprotocol,
        )

    def _authenticate(self, hello: Hello) -> Authenticated:
        match list(hello.subprotocols):
            case [name, token, *_] if name == SUBPROTOCOL:
                return self._authenticator.by_access_token(token)
            case []:
                self._require_own_page(hello)
                if hello.cookie is not None:
                    return self._authenticator.by_live_pass(hello.cookie)
            case _:
                pass
        raise Unauthenticated("Missing websocket access token")

    def _require_own_page(self, hello: Hello) -> None:
        """Browsers send the cookie for any page; only ours may use it."""
        if hello.origin is None:
            return
        origin = origin_of(hello.origin)
        if origin is None or (
            origin != self._own_origin and origin[1] != authority_of(origin[0], hello.host or "")
        ):
            raise Denied("This page may not open live events.", reason="foreign origin")
