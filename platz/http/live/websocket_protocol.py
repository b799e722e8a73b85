"""The WebSocket protocol of the web server, which also ends connections whose peer does not read.

Invariants: a connection that the server gives up is gone `LINGER_SECONDS` later, whatever the peer does; the base class
closes politely, which waits for ever for a peer that does not read. Every upgrade request gets a response, also one
that the base class can't parse.
"""

from __future__ import annotations

from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from platz.http.live.frames import FRAME_LIMIT, WIRE

LINGER_SECONDS = 5.0
GOODBYE_SECONDS = 1.0
PING_SECONDS = 30.0
PONG_SECONDS = 20.0
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class LiveProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol; aborts connections that do not close."""

    async def run_asgi(self) -> None:
        """Serve the connection, then make sure that it ends."""
        await super().run_asgi()
        self._abort_later()

    def data_received(self, data: bytes) -> None:
        """Parse the data; refuse what the base class can't parse and leaves without a response."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message; a complete frame goes out as it is, which costs a third of framing it for each client."""
        wire = message.get(WIRE)
        if wire is None:
            await super().send(message)
            # A refusal ends the handshake too; the base class would log it as an error of the application.
            self.handshake_complete = self.handshake_complete or self.close_sent
            return
        await self.writable.wait()
        if self.close_sent or self.disconnected or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(wire)

    def shutdown(self) -> None:
        """Close because the server stops, without waiting for a peer that does not read."""
        super().shutdown()
        self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Abort: the peer did not answer a ping in time."""
        super().keepalive_timeout()
        self._abort_later()

    def _abort_later(self) -> None:
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def websocket_options() -> dict[str, Any]:
    """Return the uvicorn settings for live events: pings, a limit on frames, no compression.

    A dead peer is noticed within 30 + 20 seconds and dropped within 60.
    """
    return {
        "ws": LiveProtocol,
        "ws_ping_interval": PING_SECONDS,
        "ws_ping_timeout": PONG_SECONDS,
        "ws_max_size": FRAME_LIMIT,
        "ws_per_message_deflate": False,
    }
