"""A real web server with the real application, fed by the real change events of a database."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.routing import BaseRoute

from platz.access.authentication import Authenticator
from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings, new_http_client
from platz.access.tokens import Tokens
from platz.db.database import Database
from platz.db.encryption import NoCipher
from platz.db.events import ChangeStream
from platz.errors import Retryable
from platz.http.application import build_application
from platz.http.database_counts import DatabaseCounts
from platz.http.health import Readiness, operation_routes
from platz.http.live.connection import LiveConnections, live_routes
from platz.http.live.feed import LiveFeed
from platz.http.live.gaps import MissedChangesReader
from platz.http.live.handshake import LIVE_COOKIE, HandshakeAuthenticator
from platz.http.live.rights import RightsReader
from platz.http.live.websocket_protocol import websocket_options
from platz.http.pages.frontend import pages
from platz.http.services import Services
from platz.identities import Identity
from platz.observation.ingress import IngressCaller, IngressRoute

KEY = base64.b64encode(bytes(range(24))).decode()


@dataclass(kw_only=True)
class LiveServer:
    """Where it listens, and what makes credentials for it."""

    port: int
    tokens: Tokens
    feed: LiveFeed
    readiness: Readiness
    database: Database

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v2/ws"

    def token(self, identity: Identity, *, lifetime: timedelta = timedelta(hours=1)) -> str:
        return self.tokens.issue(identity, lifetime, datetime.now(UTC)).text

    def cookie(self, identity: Identity) -> str:
        claims = self.tokens.verify(self.token(identity), datetime.now(UTC))
        return f"{LIVE_COOKIE}={self.tokens.seal_live_pass(claims)}"


@contextmanager
def serving(
    database: Database, *, issuer: str = "http://127.0.0.1:9", port: int = 0, frontend: Any = None
) -> Iterator[LiveServer]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    port = listener.getsockname()[1]
    own_url = f"http://127.0.0.1:{port}"
    tokens = Tokens(lambda: KEY)
    authenticator = Authenticator(database, tokens)
    feed = LiveFeed(RightsReader(database, tokens), MissedChangesReader(database))
    handshake = HandshakeAuthenticator(authenticator, tokens, database, own_url=own_url)
    readiness = Readiness({"database": database.check})
    beside: list[BaseRoute] = [
        *live_routes(LiveConnections(feed, handshake)),
        *operation_routes(readiness, DatabaseCounts(database)),
    ]
    settings = ProviderSettings(server_url=issuer, client_id="platz", client_secret="secret")
    with new_http_client() as client:
        services = Services(
            database=database,
            authenticator=authenticator,
            tokens=tokens,
            identity_provider=IdentityProvider(lambda: settings, client, own_url=own_url),
            admin_emails=["admin@platz.localhost"],
            own_url=own_url,
            version="v1.2.3",
            cipher=NoCipher(),
            ingress=IngressCaller(IngressRoute()),
        )
        application = build_application(services, beside=beside, frontend=pages(frontend))
        with (
            _running(
                uvicorn.Config(application, log_config=None, access_log=False, **websocket_options()),
                listener,
            ),
            _fed(feed, database),
        ):
            yield LiveServer(port=port, tokens=tokens, feed=feed, readiness=readiness, database=database)


@contextmanager
def _running(config: uvicorn.Config, listener: socket.socket) -> Iterator[None]:
    config.timeout_graceful_shutdown = 3
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), name="test-server")
    thread.start()
    try:
        pause = threading.Event()
        while not server.started:
            assert thread.is_alive()
            pause.wait(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def _fed(feed: LiveFeed, database: Database) -> Iterator[None]:
    stream = ChangeStream(database)
    stream.open()

    def pass_on() -> None:
        try:
            for changes in stream:
                feed.publish(changes)
        except Retryable:
            pass

    thread = threading.Thread(target=pass_on, name="test-listener")
    thread.start()
    try:
        yield
    finally:
        stream.stop()
        thread.join(10)
        stream.close()
