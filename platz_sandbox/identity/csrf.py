"""Makes sure that a sign-in form came from the page that this browser was shown for this very request.

Invariant: a token is good only together with the browser's cookie and the authorization request that it was
made for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

COOKIE = "platz_sandbox_identity"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


class FormTokens:
    """Makes and checks the tokens of one process: a restart voids the pages that are open."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def cookie(self, present: str | None) -> str:
        """Return the browser's cookie, a new one when it has none: several tabs share it."""
        return present if present and _COOKIE_VALUE.fullmatch(present) else secrets.token_urlsafe(32)

    def token(self, cookie: str, query: str) -> str:
        """Return the token for the form that answers ``query``."""
        return hmac.new(self._key, f"{cookie}|{query}".encode(), hashlib.sha256).hexdigest()

    def is_valid(self, token: str, cookie: str | None, query: str) -> bool:
        """Check what came back with a form."""
        return cookie is not None and hmac.compare_digest(token.encode(), self.token(cookie, query).encode())
