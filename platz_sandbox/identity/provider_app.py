"""The identity provider's ASGI application: routes, middleware and the schedule of key rotation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from platz.errors import Rejected
from platz.web_addresses import LOOPBACK
from platz_sandbox.identity.authorize_routes import AuthorizeRoutes, answer_page
from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.csrf import FormTokens
from platz_sandbox.identity.discovery_routes import DiscoveryRoutes
from platz_sandbox.identity.errors import RefusedByRedirect, RefusedOnPage, TokenRefused
from platz_sandbox.identity.grants import Grants
from platz_sandbox.identity.key_ring import KeyRing
from platz_sandbox.identity.people import Users
from platz_sandbox.identity.products import PRODUCTS, Product, ProductName
from platz_sandbox.identity.token_routes import TokenRoutes, answer_json
from platz_sandbox.ports import LOOPBACK_HOSTS

_log = logging.getLogger(__name__)

_MAX_PAUSE_SECONDS = 60.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: that would make browsers send `Origin: null` with the sign-in form
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The components and settings of the provider.

    ``product`` says as which product it describes users, ``clock_ahead`` by how much its clock is wrong.
    """

    issuer: str
    client: Client
    users: Users
    keys: KeyRing
    grants: Grants
    rotate_after: timedelta
    product: Product = PRODUCTS[ProductName.STANDARD]
    clock_ahead: timedelta = timedelta(0)


def build(provider: Provider) -> Starlette:
    """Return the application."""
    authorize = AuthorizeRoutes(
        issuer=provider.issuer,
        client=provider.client,
        users=provider.users,
        grants=provider.grants,
        form_tokens=FormTokens(),
    )
    tokens = TokenRoutes(
        issuer=provider.issuer,
        client=provider.client,
        grants=provider.grants,
        keys=provider.keys,
        product=provider.product,
        clock=lambda: datetime.now(UTC) + provider.clock_ahead,
    )
    discovery = DiscoveryRoutes(issuer=provider.issuer, keys=provider.keys)
    return Starlette(
        routes=[*discovery.routes(), *authorize.routes(), *tokens.routes()],
        lifespan=_rotating(provider.keys, provider.rotate_after),
        middleware=[
            Middleware(_SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(provider.issuer), www_redirect=False),
        ],
        exception_handlers={
            RefusedByRedirect: authorize.answer_redirect,
            RefusedOnPage: answer_page,
            Rejected: answer_page,
            TokenRefused: answer_json,
        },
    )


def _hosts(issuer: str) -> list[str]:
    return sorted({*LOOPBACK_HOSTS, urlsplit(issuer).hostname or LOOPBACK})


def _rotating(keys: KeyRing, rotate_after: timedelta) -> Lifespan[Starlette]:
    """Return a lifespan that rotates the keys on schedule."""
    pause = min(rotate_after.total_seconds() / 10, _MAX_PAUSE_SECONDS)

    async def on_schedule() -> None:
        while True:
            try:
                await run_in_threadpool(keys.rotate_when_older_than, rotate_after)
            except OSError:  # a full disk: the present key stays valid, the next round tries again
                _log.warning("The signing key could not be rotated", exc_info=True)
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        task = asyncio.create_task(on_schedule())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return lifespan


class _SafeHeaders:
    """Middleware that adds the security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)
