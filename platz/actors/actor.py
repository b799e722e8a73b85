"""The base class of every actor: one mailbox and one thread, which handles message after message.

Invariants:

- One method, `catch_up`, looks at everything. It runs when the actor starts, after `ListeningResumed` and
  after a failed attempt, so nothing is lost by a restart or by a database that was unavailable.
- A `Retryable` error does not end the actor: `catch_up` runs again, with jittered exponential backoff. Any
  other exception ends the actor and is reported to the `Supervisor`, which starts a successor.
- Long work runs on threads that the actor owns; they report their results as messages.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, cast

import pykka
import structlog
from typing_extensions import override

from platz import metrics
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus, tell
from platz.actors.messages import CatchUp, Heartbeat, ListeningResumed, WorkerFailed
from platz.actors.timers import PeriodicMessage, Timer, Timers
from platz.backoff import Backoff
from platz.errors import Retryable
from platz.identities import ClusterId

BACKOFF = Backoff(first=0.5, limit=30.0)
"""The wait after failed attempts in a row, for example while the database is unavailable."""


@dataclass(frozen=True, kw_only=True)
class ActorContext:
    """What all actors share; ``failed`` is called with the name, generation and error of an actor that failed."""

    actor_registry: ActorRegistry
    event_bus: EventBus
    timers: Timers
    failed: Callable[[str, int, BaseException], None]


class Actor(pykka.ThreadingActor):
    """An actor that handles one message at a time; subclasses override `catch_up`, `handle` and `on_stopped`."""

    use_daemon_thread = True  # a hung actor must not keep the process from ending
    hears: ClassVar[frozenset[type]] = frozenset()
    tables: ClassVar[frozenset[str] | None] = None
    hears_of_cluster: ClusterId | None = None
    """The only cluster whose tasks this actor hears about; None means every cluster."""

    def __init__(self, *, name: str, generation: int, actor_context: ActorContext) -> None:
        super().__init__()
        self.name = name
        self.generation = generation
        self.ready = False
        self.heartbeat_at = time.monotonic()
        self.log: structlog.stdlib.BoundLogger = structlog.get_logger(actor=name)
        self._actor_context = actor_context
        self._thread: threading.Thread | None = None
        self._retry: Timer | None = None
        self._failures = 0
        self._handled = metrics.actor_messages.labels(type(self).__name__)

    def on_started(self) -> None:
        """Acquire what the actor owns. Runs first, on the actor's thread."""

    def catch_up(self) -> None:
        """Look at everything that the actor must know; this must be safe to repeat."""

    def handle(self, message: object) -> object:
        """Handle one message and return the reply, if the sender waits for one."""
        raise TypeError(f"{self.name} does not understand {type(message).__name__}")

    def on_stopped(self) -> None:
        """Release what the actor owns. Runs last, after a stop and after a failure."""

    def describe(self) -> str:
        """Return a few words on what the actor is doing, for the dump that SIGUSR1 prints."""
        return ""

    def publish(self, message: object) -> None:
        """Publish a fact to its subscribers."""
        self._actor_context.event_bus.publish(message)

    def publish_sticky(self, key: Hashable, message: object) -> None:
        """Publish a present state to its subscribers, including later ones, and keep it under ``key``."""
        self._actor_context.event_bus.publish_sticky(key, message)

    def remove_sticky(self, key: Hashable, message: object) -> None:
        """Forget the state kept under ``key``, and publish ``message`` to say that it has ended."""
        self._actor_context.event_bus.remove_sticky(key, message)

    def after(self, message: object, *, seconds: float) -> Timer:
        """Send ``message`` to this actor in ``seconds``."""
        return self._actor_context.timers.after(self.actor_ref, message, seconds=seconds)

    def every(self, message: object, *, seconds: float, first: float | None = None) -> Timer:
        """Send ``message`` to this actor every ``seconds``, the first time after ``first`` (default: ``seconds``)."""
        return self._actor_context.timers.every(self.actor_ref, message, seconds=seconds, first=first)

    def submit(self, threads: Executor, work: Callable[..., None], *arguments: object) -> Future[None]:
        """Run long work on one of the actor's threads; an exception in it is raised again in the actor."""
        future = threads.submit(work, *arguments)
        future.add_done_callback(self._worker_ended)
        return future

    def tell_self(self, message: object) -> None:
        """Send this actor a message from any thread; nothing happens if the actor has ended."""
        tell(self.actor_ref, message)

    @property
    def thread(self) -> threading.Thread | None:
        """The thread that handles the messages; None before the actor starts."""
        return self._thread

    @property
    def depth(self) -> int:
        """Number of messages that wait in the mailbox."""
        return cast("queue.Queue[object]", self.actor_inbox).qsize()  # what a ThreadingActor's inbox is

    @override
    def on_start(self) -> None:
        """Pykka's hook at the start: subscribe first and catch up second, so that no change is missed in between."""
        self._thread = threading.current_thread()
        self._thread.name = self.name
        self._actor_context.actor_registry.add(self)
        try:
            self._actor_context.event_bus.subscribe(
                self.name,
                self.actor_ref,
                messages={*self.hears, ListeningResumed, Heartbeat},
                tables=self.tables,
                cluster_id=self.hears_of_cluster,
            )
            self.on_started()
            self._look()
        except Exception as error:
            self._end(error)
            raise  # Pykka marks the actor as stopped
        self.ready = True
        self._actor_context.actor_registry.became_ready()

    @override
    def on_receive(self, message: object) -> object:
        """Pykka's hook for a message: handle those that all actors understand, and leave the rest to `handle`."""
        self.heartbeat_at = time.monotonic()
        self._handled.inc()
        if isinstance(message, PeriodicMessage):
            message = message.take()
        match message:
            case Heartbeat():
                return True
            case CatchUp() | ListeningResumed():
                return self._look()
            case WorkerFailed(error=error):
                raise error
            case _:
                return self._handle(message)

    @override
    def on_stop(self) -> None:
        """Pykka's hook after an orderly stop."""
        self._actor_context.event_bus.unsubscribe(self.name, self.actor_ref)
        self._actor_context.actor_registry.remove(self)
        self.on_stopped()

    @override
    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Pykka's hook after an exception in `on_receive`."""
        self._end(exception_value or RuntimeError(f"{self.name} ended without a reason"))

    def _worker_ended(self, future: Future[None]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self.tell_self(WorkerFailed(error=error))

    def _look(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        try:
            self.catch_up()
        except Retryable as error:
            self._try_again(error)
        else:
            self._failures = 0

    def _handle(self, message: object) -> object:
        try:
            return self.handle(message)
        except Retryable as error:
            self._try_again(error)
            return None

    def _try_again(self, error: Retryable) -> None:
        if self._retry is not None:
            return  # a retry is already scheduled, and it looks at everything
        self._failures += 1
        delay = BACKOFF.after(self._failures)
        self.log.warning(
            "Waiting before trying again", action="wait", seconds=round(delay, 2), reason=str(error)
        )
        self._retry = self.after(CatchUp(), seconds=delay)

    def _end(self, error: BaseException) -> None:
        try:
            self.on_stopped()
        except Exception:  # the supervisor must be told of the first error, not of this one
            self.log.exception("Could not clean up after a failure", action="fail")
        self._actor_context.event_bus.unsubscribe(self.name, self.actor_ref)
        self._actor_context.actor_registry.remove(self)
        self._actor_context.failed(self.name, self.generation, error)
