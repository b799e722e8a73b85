"""The web server: uvicorn on a thread of its own, on a socket that the process bound before anything else.

Invariant: the socket outlives the server, so a restarted server answers at the same address, and a taken port is
noticed before anything is started.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from platz.errors import PlatzError
from platz.http.http_protocol import HttpProtocol
from platz.http.live.websocket_protocol import websocket_options

KEEP_ALIVE_SECONDS = 75
STARTED_SECONDS = 15.0


class PortTaken(PlatzError):
    """The port that Platz should listen on is taken."""


class WebServerFailed(PlatzError):
    """The web server ended by itself."""


def bind(host: str, port: int, *, chosen_by: str = "API_HOST and API_PORT") -> socket.socket:
    """Bind and listen; raise `PortTaken` with a sentence that names the settings. ``::`` accepts IPv4, too."""
    is_v6 = ":" in host
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=1024, dualstack_ipv6=both)
    except OSError as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise PortTaken(
            f"Platz can't listen on {f'[{host}]' if is_v6 else host}:{port}: {reason}. Stop what listens there,"
            f" or choose another address with {chosen_by}."
        ) from None


class WebServer:
    """Starts and stops one uvicorn; make a new one to start again."""

    def __init__(self, build: Callable[[], Starlette], *, listener: socket.socket) -> None:
        """``build`` makes the application on the server's thread; ``listener`` is closed by the caller."""
        self._build = build
        self._listener = listener
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None]) -> None:
        """Start, and return once requests are answered; ``ended`` is called if the server stops by itself."""
        config = uvicorn.Config(
            self._build(),
            loop="uvloop",
            http=HttpProtocol,
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            server_header=False,
            **websocket_options(),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._run, args=(self._server, ended), name="web-server", daemon=True
        )
        self._thread.start()
        self._wait_until_started(self._server, self._thread)

    def stop(self, *, seconds: float) -> None:
        """Accept no new connections, give requests ``seconds`` to end, then close those that are left."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        server.config.timeout_graceful_shutdown = max(1, int(seconds))
        server.should_exit = True
        thread.join(seconds + 1)
        self._server = self._thread = None

    def _run(self, server: uvicorn.Server, ended: Callable[[], None]) -> None:
        server.run(sockets=[self._listener.dup()])
        if not server.should_exit:
            ended()

    def _wait_until_started(self, server: uvicorn.Server, thread: threading.Thread) -> None:
        pause = threading.Event()
        for _ in range(int(STARTED_SECONDS / 0.01)):
            if server.started:
                return
            if not thread.is_alive():
                break
            pause.wait(0.01)
        raise WebServerFailed("The web server did not start; the log says why.")
