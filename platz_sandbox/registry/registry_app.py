"""The registry's ASGI application: the stores on disk and the routes that use them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platz_sandbox.ports import LOOPBACK_HOSTS
from platz_sandbox.registry import errors
from platz_sandbox.registry.blob_routes import BlobRoutes
from platz_sandbox.registry.contents import ContentStore
from platz_sandbox.registry.manifest_routes import ManifestRoutes
from platz_sandbox.registry.repositories import Repositories
from platz_sandbox.registry.uploads import Uploads

MAX_BLOB_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The stores in the registry's data folder."""

    contents: ContentStore
    repositories: Repositories
    uploads: Uploads


def open_stores(data: Path, *, largest_blob: int = MAX_BLOB_BYTES) -> Stores:
    """Open the data folder, and remove the content that no repository refers to any more."""
    contents = ContentStore(data / "blobs")
    repositories = Repositories(data / "repositories", contents)
    for _ in contents.keep_only(repositories.referenced()):
        pass
    return Stores(
        contents=contents,
        repositories=repositories,
        uploads=Uploads(data / "uploads", most_bytes=largest_blob),
    )


def build(stores: Stores) -> Starlette:
    """Return the application."""
    blobs = BlobRoutes(stores.contents, stores.repositories, stores.uploads)
    manifests = ManifestRoutes(stores.repositories)
    return Starlette(
        routes=[*manifests.routes(), *blobs.routes()],
        middleware=[
            # a web page in the user's browser must not reach the registry by a name that resolves to 127.0.0.1
            Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS, www_redirect=False),
            Middleware(_VersionHeader),
        ],
        exception_handlers={
            errors.RegistryRefusal: errors.answer_refusal,
            ClientDisconnect: errors.answer_disconnect,
            405: errors.answer_method_not_allowed,
        },
    )


class _VersionHeader:
    """Middleware that adds the header by which older clients recognise a registry."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Docker-Distribution-API-Version"] = "registry/2.0"
            await send(message)

        await self._app(scope, receive, with_header)
