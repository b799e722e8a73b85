"""The HTTP protocol of the web server: uvicorn's, with limits for the head of a request.

Invariant: at most `MAX_HEAD_BYTES` bytes of a head are held, and one read of the socket more; none is waited for longer
than `HEAD_SECONDS`; refusals of what is not yet a request use the error envelope, too.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from platz.http.errors import error_answer

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
LINGER_SECONDS = 2.0
"""How long a refused client is still read from: a client that is sending would else lose the response."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits: its parser takes heads of any size, and waits for their end for ever."""

    _in_head = False
    _head_size: int | None = None  # bytes that came after the read in which the head began
    _late: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] (as the base class does)
        """Close a connection without any request after the keep-alive time, like one after its last request."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting for the rest of a head."""
        self._head_is_over()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data; refuse a head that is too long."""
        if self._refused:
            return
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_size = 0 if self._head_size is None else self._head_size + len(data)
        if self._head_size > MAX_HEAD_BYTES:
            self._refuse(431, "The head of the request is too long.")
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Note that the head is complete; refuse one without exactly one `Host` (RFC 9112 section 3.2)."""
        self._head_is_over()
        hosts = sum(name == b"host" for name, _ in self.headers)
        version = self.parser.get_http_version() if self.parser else ""
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            self._refuse(400, "The request needs one Host header.")
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on the body, unless the request was refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of the request, unless it was refused."""
        if not self._refused:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Begin a live connection, unless the request was refused."""
        if not self._refused:
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is not an HTTP request."""
        self._refuse(400, msg)

    def _head_is_late(self) -> None:
        self._late = None
        self._refuse(408, "The head of the request took too long to arrive.")

    def _head_is_over(self) -> None:
        self._in_head = False
        self._head_size = None
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int, message: str) -> None:
        self._head_is_over()
        if self.transport.is_closing():
            return
        self._refused = True
        cycle = self.cycle
        if not cycle or cycle.response_complete:
            self._say(status, message)
        elif not cycle.more_body:
            # The request before this head is valid: it gets its response, and the connection ends.
            cycle.keep_alive = False
        elif self.pipeline or cycle.response_started:
            self.transport.close()  # a refusal would land in the middle of another response
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._say(status, message)

    def _say(self, status: int, message: str) -> None:
        answer = error_answer(status, message)
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
            % (
                status,
                HTTPStatus(status).phrase.encode(),
                answer.media_type.encode(),
                len(answer.body),
                answer.body,
            )
        )
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
