"""Live events with 1,000 clients, beside a bare `websockets` server that broadcasts the same frames.

The times from commit to client are taken twice: among clients that all read, and beside one that never does.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import uvloop
from figures import Figure, quantile
from migrated_database import migrated_database
from sqlalchemy import insert
from websockets.asyncio.server import ServerConnection, broadcast, serve

from platz.db import schema
from platz.db.events import RowChange
from platz.http.live.frames import event_frame
from tests.integration.access.access_world import AccessWorld, build
from tests.integration.http.live.live_server import LiveServer, serving

CLIENTS = 1000
BURST = 100
PACED = 60
PER_SECOND = 10


def measure() -> Iterator[Figure]:
    """Throughput of a burst, then the time from commit to client at 10,000 deliveries/s."""
    floor = _bare_rate()
    with migrated_database(durable=False) as database:
        world = build(database)
        with serving(database) as server:
            rate = _burst_rate(server, world)
            yield Figure(
                name=f"deliveries of a burst to {CLIENTS} clients",
                value=rate,
                unit="/s",
                floor=floor,
                floor_is="bare websockets",
            )
            yield from _latencies(server, world, "")
            with _silent(server, world):
                yield from _latencies(server, world, ", beside one that never reads")
            yield Figure(
                name=f"memory of the server and {CLIENTS} clients",
                value=psutil.Process().memory_info().rss / 2**20,
                unit="MiB",
            )


def _burst_rate(server: LiveServer, world: AccessWorld) -> float:
    changes = _changes()
    cookie = server.cookie(world.viewer)
    with _clients(server.port, "/api/v2/ws", BURST, cookie) as results:
        began = time.perf_counter()
        server.feed.publish(changes)
        results()
        return CLIENTS * BURST / (time.perf_counter() - began)


def _latencies(server: LiveServer, world: AccessWorld, beside: str) -> Iterator[Figure]:
    """Every commit is a real one: trigger, notification, feed, socket."""
    committed: dict[str, float] = {}
    process = psutil.Process()
    with _clients(server.port, "/api/v2/ws", PACED, server.cookie(world.viewer)) as results:
        cpu, began = sum(process.cpu_times()[:2]), time.perf_counter()
        pause = threading.Event()
        for number in range(PACED):
            row = uuid4()
            with server.database.transaction() as connection:
                connection.execute(insert(schema.bots).values(id=row, display_name="bench"))
            committed[str(row)] = time.time()
            pause.wait(max(0.0, began + (number + 1) / PER_SECOND - time.perf_counter()))
        arrivals = results()
        cpu = sum(process.cpu_times()[:2]) - cpu
    waits = [(moment - committed[row]) * 1000 for row, moment in arrivals]
    name = f"commit to client at {CLIENTS * PER_SECOND:,} deliveries/s{beside}"
    yield Figure(name=f"{name}, p50", value=quantile(waits, 0.5), unit="ms")
    yield Figure(name=f"{name}, p99", value=quantile(waits, 0.99), unit="ms")
    if beside:
        return
    yield Figure(name="CPU of the server for a delivery", value=cpu / (CLIENTS * PACED) * 1e6, unit="us")


@contextmanager
def _silent(server: LiveServer, world: AccessWorld) -> Iterator[None]:
    """A client that upgrades, and takes not a byte of the events that fill its buffers and its queue."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(
            f"GET /api/v2/ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"Cookie: {server.cookie(world.viewer)}\r\n\r\n".encode()
        )
        if not connection.recv(12).endswith(b" 101"):
            raise RuntimeError("the silent client was not admitted")
        for _ in range(100):
            server.feed.publish(_changes())
        yield


def _changes() -> list[RowChange]:
    return [RowChange(table="bots", operation="INSERT", id=uuid4(), env_id=None) for _ in range(BURST)]


def _bare_rate() -> float:
    connections: set[ServerConnection] = set()
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = []
    ready = threading.Event()

    async def handler(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()

    async def run() -> None:
        stop = asyncio.Event()
        async with serve(handler, "127.0.0.1", 0, compression=None, backlog=2048) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            started.append((asyncio.get_running_loop(), stop, port))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: uvloop.run(run()))
    thread.start()
    ready.wait(10)
    loop, stop, port = started[0]

    async def send() -> None:
        for change in _changes():
            broadcast(connections, event_frame(change))
            await asyncio.sleep(0)

    with _clients(port, "/", BURST, "none=1") as results:
        began = time.perf_counter()
        asyncio.run_coroutine_threadsafe(send(), loop)
        results()
        rate = CLIENTS * BURST / (time.perf_counter() - began)
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    return rate


@contextmanager
def _clients(
    port: int, path: str, events: int, cookie: str
) -> Iterator[Callable[[], list[tuple[str, float]]]]:
    """Start the clients; give what waits for them and returns what they noted."""
    script = Path(__file__).parent / "live_clients.py"
    command = [sys.executable, str(script), str(port), path, str(CLIENTS), str(events), cookie]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the clients did not connect")
        out = process.stdout
        yield lambda: json.loads(out.readline())
