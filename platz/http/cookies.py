"""The two cookies that Platz sets: the state of a sign-in, and the pass for live events (docs/contract/auth.md,
"Login flow", docs/contract/http-api.md, "Cookie mode").

Invariant: scripts can't read the cookies, requests from other sites don't carry the pass, and each cookie goes only
to the paths that need it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from platz.access.tokens.cookie_tokens import SIGN_IN_LIFETIME
from platz.http.live.handshake import LIVE_COOKIE, LIVE_PATH

SIGN_IN_COOKIE = "platz_sign_in"
SIGN_IN_PATH = "/api/v2/auth/google"

Header = tuple[str, str]


class Cookies:
    """Writes `Set-Cookie` headers for one installation."""

    def __init__(self, *, own_url: str) -> None:
        """With an https ``own_url`` the cookies never travel in the clear."""
        self._secure = "; Secure" if urlsplit(own_url).scheme == "https" else ""

    def keep_sign_in(self, value: str) -> Header:
        """Set the state of a sign-in; SameSite is Lax, because the browser comes back from another site."""
        return self._set(SIGN_IN_COOKIE, value, path=SIGN_IN_PATH, lifetime=SIGN_IN_LIFETIME, same_site="Lax")

    def clear_sign_in(self) -> Header:
        """Make the browser forget a finished sign-in."""
        return self._set(SIGN_IN_COOKIE, "", path=SIGN_IN_PATH, lifetime=timedelta(0), same_site="Lax")

    def keep_live_pass(self, value: str, *, expires_at: datetime, now: datetime) -> Header:
        """Set the pass for live events, which the browser keeps until it expires."""
        lifetime = max(expires_at - now, timedelta(0))
        return self._set(LIVE_COOKIE, value, path=LIVE_PATH, lifetime=lifetime, same_site="Strict")

    def _set(self, name: str, value: str, *, path: str, lifetime: timedelta, same_site: str) -> Header:
        age = int(lifetime.total_seconds())
        attributes = f"Path={path}; Max-Age={age}; HttpOnly; SameSite={same_site}{self._secure}"
        return "set-cookie", f"{name}={value}; {attributes}"
