"""The HTTP gateway: it serves the REST API, live events, metrics and the web frontend.

owns   the web server and the live feed
hears  `RowChanged` of every table, `ListeningResumed`, `Drain`
tells  nobody
never  handles a request itself: requests run on the server's own threads
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from typing_extensions import override

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import Drain, RowChanged, WorkerFailed
from platz.db.events import RowChange
from platz.errors import PlatzError

STOP_SECONDS = 5.0


class Server(Protocol):
    """The part of a web server that the actor uses."""

    def start(self, ended: Callable[[], None]) -> None:
        """Start and return once requests are served; ``ended`` is called if the server ends by itself."""
        ...

    def stop(self, *, seconds: float) -> None:
        """Stop the server within ``seconds``."""
        ...


class Feed(Protocol):
    """The part of the live feed that the actor uses."""

    def publish(self, changes: Sequence[RowChange]) -> None:
        """Pass on committed changes, without waiting."""
        ...

    def resynchronise(self) -> None:
        """Disconnect every client, so that it reads everything again, because changes may have been missed."""
        ...


class HttpGateway(Actor):
    """An actor that keeps a web server running and passes changes to the live feed."""

    hears = frozenset({RowChanged, Drain})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        server: Callable[[], Server],
        feed: Feed,
        begin_shutdown: Callable[[], None],
    ) -> None:
        """Take ``server``, which makes a new server each time the actor starts."""
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._make_server = server
        self._server: Server | None = None
        self._feed = feed
        self._begin_shutdown = begin_shutdown

    @override
    def on_started(self) -> None:
        self._server = self._make_server()
        self._server.start(
            lambda: self.tell_self(WorkerFailed(error=PlatzError("The web server ended by itself.")))
        )

    @override
    def catch_up(self) -> None:
        self._feed.resynchronise()

    @override
    def handle(self, message: object) -> None:
        match message:
            case RowChanged(changes=changes):
                self._feed.publish(changes)
            case Drain():
                self._begin_shutdown()
            case _:
                super().handle(message)

    @override
    def describe(self) -> str:
        return "serving" if self._server is not None else "not serving"

    @override
    def on_stopped(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.stop(seconds=STOP_SECONDS)
