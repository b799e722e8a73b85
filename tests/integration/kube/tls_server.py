"""An API server in miniature, over TLS: it answers `/version`."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from authority import Authority, Pair

Serve = Callable[..., "TlsServer"]


class TlsServer(ThreadingHTTPServer):
    """Answers `/version`; says 401 unless the token is the accepted one."""

    daemon_threads = True
    accepted: str | None = None

    def __init__(self, pair: Pair, folder: Path, clients: Authority | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.peers: list[object] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = folder / "server.pem"
        path.write_bytes(pair.certificate + pair.key)
        context.load_cert_chain(path)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.certificate.decode())
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """A client that does not trust us goes away; that is what the test is about."""


class _Handler(BaseHTTPRequestHandler):
    server: TlsServer  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.peers.append(self.connection.getpeercert())  # type: ignore[attr-defined]
        wanted = self.server.accepted
        refused = wanted is not None and self.headers.get("Authorization") != f"Bearer {wanted}"
        content = json.dumps({"gitVersion": "v1.35.0"}).encode()
        self.send_response(401 if refused else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def serve(authority: Authority, tmp_path: Path) -> Iterator[Serve]:
    servers: list[tuple[TlsServer, threading.Thread]] = []

    def serve(name: str = "127.0.0.1", *, clients: Authority | None = None) -> TlsServer:
        server = TlsServer(authority.pair(name), tmp_path, clients)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return server

    yield serve
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()
