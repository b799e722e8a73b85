"""A deployed application that is an attacker's: a TLS server that answers with the bytes that a test gives it."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.integration.kube.authority import Authority

HOST = "shop.east.test"
Behaviour = Callable[[bytes], Iterable[bytes]]
"""What the application sends for a request, piece by piece."""


def answer(body: bytes = b"", *, status: str = "200 OK", **headers: str) -> bytes:
    """A whole response; underscores in the names of headers are hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


class HostileApplication:
    """Serves one behaviour at a port of this machine, under the name `HOST`."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.requests: list[bytes] = []
        self.behaviour: Behaviour = lambda _request: [answer()]
        self._stopped = threading.Event()
        pair = authority.pair(HOST)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(dir=folder) as both:
            both.write(pair.certificate + pair.key)
            both.flush()
            self._context.load_cert_chain(both.name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Stop, also in the middle of an answer."""
        self._stopped.set()
        self._listener.close()

    def dripping(self, pieces: Iterable[bytes], *, seconds: float) -> Iterable[bytes]:
        """Give one piece after the other with a pause, until the application stops."""
        for piece in pieces:
            if self._stopped.wait(seconds):
                return
            yield piece

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            request = b""
            while not _is_whole(request):  # else closing the connection would reset it under the answer
                received = secured.recv(65536)
                if not received:
                    return
                request += received
            self.requests.append(request)
            for piece in self.behaviour(request):
                secured.sendall(piece)


def _is_whole(request: bytes) -> bool:
    head, ended, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(ended) and len(body) >= (int(length[1]) if length else 0)
