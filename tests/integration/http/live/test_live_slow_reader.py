"""Given a client that never reads, when events flow, then nobody else waits and it is gone in time."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from websockets.sync.client import connect

from platz.db.events import RowChange
from platz.http.live import websocket_protocol
from tests.integration.access.access_world import AccessWorld
from tests.integration.http.live.live_server import LiveServer
from tests.waiting import eventually

DEADLINE = 30


@contextmanager
def silent_client(server: LiveServer, cookie: str) -> Iterator[socket.socket]:
    """A client that upgrades and then never reads a byte, with the smallest buffer that the system gives."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        raw.sendall(
            f"GET /api/v2/ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Cookie: {cookie}\r\n\r\n".encode()
        )
        assert raw.recv(12) == b"HTTP/1.1 101"
        yield raw


def flood(server: LiveServer, number: int) -> list[str]:
    changes = [RowChange(table="bots", operation="INSERT", id=uuid4(), env_id=None) for _ in range(number)]
    server.feed.publish(changes)
    return [str(change.id) for change in changes]


def clients_of(server: LiveServer) -> int:
    return len(server.feed._clients)


def test_a_client_that_never_reads_delays_nobody(server: LiveServer, world: AccessWorld) -> None:
    with (
        silent_client(server, server.cookie(world.viewer)),
        connect(server.ws_url, additional_headers={"Cookie": server.cookie(world.owner)}) as quick,
    ):
        eventually(lambda: clients_of(server) == 2)
        started, slowest = time.monotonic(), 0.0
        while clients_of(server) == 2:
            assert time.monotonic() - started < DEADLINE, "the silent client is still served"
            asked = time.monotonic()
            sent = flood(server, 500)
            received = [json.loads(quick.recv(5))["data"]["id"] for _ in sent]
            slowest = max(slowest, time.monotonic() - asked)
            assert received == sent
        assert slowest < 5
        assert clients_of(server) == 1


def test_its_connection_is_cut_although_it_does_not_answer(
    server: LiveServer, world: AccessWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "LINGER_SECONDS", 0.2)
    lost, original = threading.Event(), websocket_protocol.LiveProtocol.connection_lost

    def telling(self: websocket_protocol.LiveProtocol, error: Exception | None) -> None:
        original(self, error)
        lost.set()

    monkeypatch.setattr(websocket_protocol.LiveProtocol, "connection_lost", telling)
    with silent_client(server, server.cookie(world.viewer)):
        eventually(lambda: clients_of(server) == 1)
        eventually(lambda: flood(server, 200) and clients_of(server) == 0, seconds=DEADLINE)
        assert lost.wait(DEADLINE)


def test_a_peer_that_does_not_answer_pings_is_dropped(
    server: LiveServer, world: AccessWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times are those of the product, a hundred times shorter."""
    pings = {"ping_interval": 0.3, "ping_timeout": 0.2}
    original = websocket_protocol.LiveProtocol.start_keepalive

    def hurried(self: websocket_protocol.LiveProtocol) -> None:
        self.ping_interval, self.ping_timeout = pings["ping_interval"], pings["ping_timeout"]
        original(self)

    monkeypatch.setattr(websocket_protocol.LiveProtocol, "start_keepalive", hurried)
    with (
        silent_client(server, server.cookie(world.viewer)),
        connect(server.ws_url, additional_headers={"Cookie": server.cookie(world.owner)}) as alive,
    ):
        eventually(lambda: clients_of(server) == 2)
        eventually(lambda: clients_of(server) == 1)
        (mark,) = flood(server, 1)
        assert json.loads(alive.recv(5))["data"]["id"] == mark


def test_a_dead_peer_is_noticed_within_a_minute() -> None:
    assert websocket_protocol.PING_SECONDS == 30
    assert (
        websocket_protocol.PING_SECONDS + websocket_protocol.PONG_SECONDS + websocket_protocol.LINGER_SECONDS
        <= 60
    )
