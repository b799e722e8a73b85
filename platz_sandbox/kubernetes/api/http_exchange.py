"""One HTTP request and its response, over ASGI, with access to the connection itself.

Invariant: a request gets exactly one response: a whole one, a stream, or a cut connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from platz.errors import PlatzError
from platz.web_addresses import LOOPBACK
from platz_sandbox.kubernetes.objects.status_errors import ApiError

MAX_BODY_BYTES = 3 * 1024 * 1024  # the API server's own limit
_TRANSPORT = "platz.transport"

App = Callable[["Exchange"], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole response."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A response of unknown length: a watch or a followed log."""

    chunks: AsyncIterator[bytes]
    content_type: str = "application/json"


class ConnectionCut(Exception):
    """The client disconnected, or a fault cut the connection."""


class Exchange:
    """One request, and the ways to respond to it."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take ASGI's arguments, whose types are open dictionaries."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: dict[str, str] = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.headers: dict[str, str] = {
            key.decode("latin1"): value.decode("latin1") for key, value in scope["headers"]
        }
        self._transport: asyncio.Transport = scope["extensions"][_TRANSPORT]["transport"]
        self._receive = receive
        self._send = send

    async def body(self) -> bytes:
        """Return the request's body; raise 413 above `MAX_BODY_BYTES`."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionCut
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MAX_BODY_BYTES:
                told = f"Request entity too large: limit is {MAX_BODY_BYTES}"
                raise ApiError(code=413, reason="RequestEntityTooLarge", message=told)
            if not message.get("more_body"):
                return b"".join(parts)

    async def answer(self, answer: Answer) -> None:
        """Send a whole response."""
        await self._start(answer.status, {
            "content-type": answer.content_type, "content-length": str(len(answer.body)), **answer.headers,
        })  # fmt: skip
        await self._send({"type": "http.response.body", "body": answer.body})

    async def start_stream(self, content_type: str) -> None:
        """Begin a response of unknown length."""
        await self._start(200, {"content-type": content_type})
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})

    async def write(self, chunk: bytes) -> None:
        """Send the next part of a stream; wait while the client reads slowly."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end_stream(self) -> None:
        """End a stream regularly."""
        await self._send({"type": "http.response.body", "body": b""})

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def cut(self) -> None:
        """Close the connection at once, without a response."""
        self._transport.abort()

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        encoded = [(key.encode("latin1"), value.encode("latin1")) for key, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, extended to pass its transport to the application, so that faults can cut connections."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


def bind(port: int) -> socket.socket:
    """Return a socket bound to a port of 127.0.0.1 (0: a free one); raise `PlatzError` when the port can't be used."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise PlatzError(f"Port {port} of {LOOPBACK} can't be used: {error.strerror}.") from error
    return listening


class Listener(uvicorn.Server):
    """One TLS listener; it leaves signals to the process."""

    def __init__(self, app: App, *, tls: ssl.SSLContext) -> None:
        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            exchange = Exchange(scope, receive, send)
            with contextlib.suppress(ConnectionCut):
                await app(exchange)

        super().__init__(
            uvicorn.Config(
                asgi, http=_Protocol, ws="none", lifespan="off", interface="asgi3",
                ssl_context_factory=lambda _config, _default: tls, log_config=None, log_level="warning",
                access_log=False, proxy_headers=False, server_header=False, timeout_keep_alive=120,
                timeout_graceful_shutdown=1,
            )
        )  # fmt: skip

        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the sockets, then set `listening`."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture no signals: they are for the process, which has two listeners."""
        yield

    def stop(self) -> None:
        """Close every connection, and stop the server."""
        self.should_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()
