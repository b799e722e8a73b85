"""Serves the web: REST, live events, metrics and the page.

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
    """What the actor needs of a web server."""

    def start(self, ended: Callable[[], None]) -> None:
        """Return when requests are answered."""
        ...

    def stop(self, *, seconds: float) -> None:
        """Stop within ``seconds``."""
        ...


class Feed(Protocol):
    """What the actor needs of the live feed."""

    def publish(self, changes: Sequence[RowChange]) -> None:
        """Take committed changes; never waits."""
        ...

    def resynchronise(self) -> None:
        """Changes may have been missed."""
        ...


class HttpGateway(Actor):
    """Keeps a web server running and feeds it."""

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
        """``server`` makes a new server for each life of the actor."""
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
