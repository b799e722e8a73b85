"""The simulator's process: it locks its folder, binds its ports, announces its addresses, and stops when asked.

Invariant: an announced address answers requests; one process owns a data folder at a time.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import uvloop

from platz.errors import PlatzError
from platz.web_addresses import LOOPBACK
from platz_sandbox.file_lock import LockHeld, lock_file
from platz_sandbox.kubernetes.api.http_exchange import Listener, bind
from platz_sandbox.kubernetes.certificates import Authority
from platz_sandbox.kubernetes.controllers.loop import Timing
from platz_sandbox.kubernetes.objects.storage import Storage
from platz_sandbox.kubernetes.world import World
from platz_sandbox.stand_in_process import announce, when_parent_ends

_START_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """The simulator's options; port 0 stands for a free port."""

    data: Path
    port: int
    ingress_port: int
    clusters: tuple[str, ...]
    timing: Timing


def serve(options: Options) -> None:
    """Run until the parent ends or a signal comes; raise `PlatzError` with one sentence when it can't start."""
    try:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock_file(options.data / "lock"):
            uvloop.run(_serve(options))
    except LockHeld as error:
        raise PlatzError(f"Another simulator uses the folder {options.data}.") from error
    except (OSError, sqlite3.Error) as error:
        raise PlatzError(f"The clusters' folder {options.data} can't be read or written: {error}.") from error


async def _serve(options: Options) -> None:
    api_socket, ingress_socket = bind(options.port), bind(options.ingress_port)
    authority = Authority(options.data)
    storage = Storage(options.data / "state.sqlite")
    world = World(options.clusters, storage, options.timing)
    listeners = (
        (Listener(world.serve, tls=authority.server_context("localhost", LOOPBACK, "::1")), api_socket),
        (Listener(world.ingress.serve, tls=authority.any_host_context()), ingress_socket),
    )
    asked = _stop_asked()
    tasks = [asyncio.create_task(listener.serve([socket])) for listener, socket in listeners]
    try:
        async with asyncio.timeout(_START_SECONDS):
            await asyncio.gather(*(listener.listening.wait() for listener, _ in listeners))
        tasks += [asyncio.create_task(controllers.run()) for controllers in world.controllers]
        origin = f"https://{LOOPBACK}:{api_socket.getsockname()[1]}"
        announce(world.facts(options.data, authority.path, origin, ingress_socket.getsockname()[1]))
        await asyncio.wait([*tasks, asked], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for listener, _ in listeners:
            listener.stop()
        for task in tasks[len(listeners) :]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        storage.close()
    for task in tasks:
        if not task.cancelled() and (error := task.exception()):
            raise error


def _stop_asked() -> asyncio.Future[None]:
    """Return a future that is resolved by SIGTERM, SIGINT, or the end of the parent."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not asked.done():
            asked.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def parent_ended() -> None:
        loop.call_soon_threadsafe(stop)

    when_parent_ends(parent_ended)
    return asked
