"""The ports of this process: that of the API, and that of its health, each bound before anything else starts.

Invariant: while the process starts, both answer that it lives and is not ready; the port of the health has nothing
else than the operational endpoints (docs/contract/http-api.md, "Operational endpoints").
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette

from platz.backing_services import listen_address
from platz.config import Role, Settings
from platz.http.health import Readiness, health_application
from platz.http.server import WebServer, bind
from platz.http.starting import starting_application

STOP_SECONDS = 1.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - probes come from the node, not from this machine

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """The bound sockets; None for a port that this process does not have."""

    api: socket.socket | None
    health: socket.socket | None


def bound_listeners(settings: Settings, stack: ExitStack) -> Listeners:
    """Bind the ports until the stack closes; raise `PortTaken` with the settings that choose another."""
    api = health = None
    if Role.API in settings.roles:
        api = stack.enter_context(closing(bind(*listen_address(settings))))
    if settings.health_port is not None:
        host = settings.api_host or EVERYWHERE
        listener = bind(host, settings.health_port, chosen_by="PLATZ_HEALTH_PORT")
        health = stack.enter_context(closing(listener))
    return Listeners(api=api, health=health)


@contextmanager
def answering_that_it_starts(listeners: Listeners, step: Callable[[], str]) -> Generator[None]:
    """Answer probes and turn everybody else away while the block runs; ``step`` says what the start is doing."""
    with ExitStack() as stack:
        for listener in (listeners.api, listeners.health):
            if listener is not None:
                _serve_until_closed(
                    stack,
                    listener,
                    lambda: starting_application(step),
                    lambda: log.warning("The start answers no probes any more", action="start"),
                )
        yield


@contextmanager
def answering_probes(
    listeners: Listeners, readiness: Readiness, ended: Callable[[], None]
) -> Generator[None]:
    """Serve the operational endpoints at their own port, if there is one, until the block ends.

    ``ended`` is called if the server stops by itself.
    """
    with ExitStack() as stack:
        if listeners.health is not None:
            _serve_until_closed(stack, listeners.health, lambda: health_application(readiness), ended)
        yield


def _serve_until_closed(
    stack: ExitStack, listener: socket.socket, build: Callable[[], Starlette], ended: Callable[[], None]
) -> None:
    server = WebServer(build, listener=listener)
    server.start(ended)
    stack.callback(server.stop, seconds=STOP_SECONDS)
