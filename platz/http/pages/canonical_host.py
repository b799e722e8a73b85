"""Redirects a browser that used another name of this machine to the installation's own address.

Invariant: only a browser that opens a page is redirected, and only from one name of this machine to another with the
same port. It has to be: a sign-in ends at the own address, and a browser does not send it the cookie that it got under
another name.

Source: docs/contract/auth.md, "Identity provider settings".
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import URL, Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from platz.web_addresses import LOOPBACK_NAMES, authority_of


class CanonicalHost:
    """ASGI middleware around the pages of an installation."""

    def __init__(self, pages: ASGIApp, *, own_url: str) -> None:
        own = urlsplit(own_url)
        self._pages = pages
        self._scheme, self._own = own.scheme, authority_of(own.scheme, own.netloc)
        self._others = _other_names(self._own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect the browser, or serve the page."""
        if self._came_by_another_name(Headers(scope=scope)):
            target = URL(scope=scope).replace(scheme=self._scheme, netloc=self._own)
            await RedirectResponse(target)(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def _came_by_another_name(self, headers: Headers) -> bool:
        opens_a_page = headers.get("sec-fetch-mode") == "navigate"
        return opens_a_page and authority_of(self._scheme, headers.get("host", "")) in self._others


def _other_names(own: str) -> frozenset[str]:
    """Return the other names of the own address; none when that is not this machine."""
    for name in LOOPBACK_NAMES:
        port = own.removeprefix(name)
        if port != own and (not port or port.startswith(":")):
            return frozenset(f"{other}{port}" for other in LOOPBACK_NAMES if other != name)
    return frozenset()
