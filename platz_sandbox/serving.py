"""The HTTP server of a stand-in: it listens, announces that it is ready, and ends with its parent.

Invariant: the facts are announced only when the socket listens and the application has started, so their reader can
send the first request at once.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from platz.web_addresses import LOOPBACK
from platz_sandbox.stand_in_process import announce, when_parent_ends

_SECONDS_FOR_OPEN_REQUESTS = 2


def listen(port: int) -> socket.socket:
    """Return a socket bound to ``port`` of the loopback interface (0 takes a free one).

    Ends the process with one line on standard error when the port can't be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        reason = (
            "is already in use" if error.errno == errno.EADDRINUSE else f"can't be used: {error.strerror}"
        )
        sys.exit(f"port {port} of {LOOPBACK} {reason}")
    return listening


def port_of(listening: socket.socket) -> int:
    """Return the port that ``listening`` was given."""
    return int(listening.getsockname()[1])


def serve(app: ASGIApp, *, listening: socket.socket, facts: Mapping[str, Any]) -> None:
    """Serve ``app`` until the parent ends or a signal comes; announce ``facts`` as soon as requests are answered."""
    server = _AnnouncedServer(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="httptools",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_FOR_OPEN_REQUESTS,
        ),
        facts,
    )
    when_parent_ends(server.leave)
    server.run(sockets=[listening])


class _AnnouncedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, facts: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._facts = facts

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            announce(self._facts)

    def leave(self) -> None:
        """Ask the server to end; safe from any thread."""
        self.should_exit = True
