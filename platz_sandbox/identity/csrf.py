"""Protection of the sign-in form against cross-site request forgery.

Invariant: a token is valid only together with the browser's cookie and the authorization request that it was made
for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

COOKIE = "platz_sandbox_identity"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


class FormTokens:
    """The tokens of one process; a restart invalidates the pages that are open."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def cookie(self, present: str | None) -> str:
        """Return the cookie that the browser sent, which its tabs share, or a new one when it sent none."""
        return present if present and _COOKIE_VALUE.fullmatch(present) else secrets.token_urlsafe(32)

    def token(self, cookie: str, query: str) -> str:
        """Return the token for the form of the authorization request with this ``query``."""
        return hmac.new(self._key, f"{cookie}|{query}".encode(), hashlib.sha256).hexdigest()

    def is_valid(self, token: str, cookie: str | None, query: str) -> bool:
        """Tell whether the token that came with a form is valid."""
        return cookie is not None and hmac.compare_digest(token.encode(), self.token(cookie, query).encode())
