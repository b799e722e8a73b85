"""Many WebSocket clients in one process that cost as little as possible: they count, and time a sample.

`python live_clients.py PORT PATH CLIENTS EVENTS COOKIE`: connects, prints `ready`, and after CLIENTS x EVENTS
frames prints JSON: the moments (Unix seconds) at which sampled rows arrived.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time

import uvloop

SAMPLE = 7
"""Every so many-th client notes when events arrive."""


class Tally:
    """What all clients share."""

    def __init__(self, clients: int, expected: int) -> None:
        self.clients, self.left = clients, expected
        self.ready, self.done = asyncio.Event(), asyncio.Event()
        self.arrivals: list[tuple[str, float]] = []

    def one_connected(self) -> None:
        self.clients -= 1
        if not self.clients:
            self.ready.set()

    def one_received(self) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()


class Client(asyncio.Protocol):
    """Upgrades, then takes text frames apart (server frames are not masked)."""

    def __init__(self, tally: Tally, head: bytes, *, sampled: bool) -> None:
        self._tally, self._head, self._sampled = tally, head, sampled
        self._buffer, self._upgraded = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._head)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, found, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise SystemExit(head.decode())
            self._upgraded = True
            self._tally.one_connected()
        self._take_frames()

    def _take_frames(self) -> None:
        data, offset = self._buffer, 0
        while len(data) - offset >= 4:
            length, start = data[offset + 1], offset + 2
            if length == 126:
                length, start = int.from_bytes(data[offset + 2 : offset + 4], "big"), offset + 4
            if len(data) < start + length:
                break
            if data[offset] == 0x81:
                self._receive(data[start : start + length])
            offset = start + length
        self._buffer = data[offset:]

    def _receive(self, frame: bytes) -> None:
        if self._sampled:
            self._tally.arrivals.append((json.loads(frame)["data"]["id"], time.time()))
        self._tally.one_received()


async def run(port: int, path: str, clients: int, events: int, cookie: str) -> None:
    """Connect all, wait for all."""
    tally = Tally(clients, clients * events)
    loop = asyncio.get_running_loop()
    for number in range(clients):
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
        sampled = number % SAMPLE == 0
        await loop.create_connection(lambda h=head, s=sampled: Client(tally, h, sampled=s), "127.0.0.1", port)
    await tally.ready.wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await tally.done.wait()
    sys.stdout.write(json.dumps(tally.arrivals) + "\n")


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
