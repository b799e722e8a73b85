"""Messages a second through one of our actors, beside a bare Pykka actor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pykka
from figures import Figure

from platz.actors.actor import Actor, ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus
from platz.actors.messages import RowChanged, Tick
from platz.actors.timers import Timers

MESSAGES = 100_000


class Bare(pykka.ThreadingActor):
    """Counts."""

    use_daemon_thread = True

    def __init__(self, done: threading.Event) -> None:
        super().__init__()
        self._left, self._done = MESSAGES, done

    def on_receive(self, message: object) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()


class Ours(Actor):
    """Counts, with everything that our base class does."""

    hears = frozenset({RowChanged})

    def __init__(self, *, actor_context: ActorContext, done: threading.Event) -> None:
        super().__init__(name="counter", generation=0, actor_context=actor_context)
        self._left, self._done = MESSAGES, done

    def handle(self, message: object) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()


def measure() -> Iterator[Figure]:
    """Tell and publish."""
    timers = Timers()
    actor_context = ActorContext(
        actor_registry=ActorRegistry(), event_bus=EventBus(), timers=timers, failed=lambda *_: None
    )
    done = threading.Event()
    bare = Bare.start(done)
    floor = _rate(lambda: bare.tell(Tick(name="x")), done)
    done = threading.Event()
    ours = Ours.start(actor_context=actor_context, done=done)
    told = _rate(lambda: ours.tell(Tick(name="x")), done)
    ours.stop()
    yield Figure(name="messages told and handled", value=told, unit="/s", floor=floor, floor_is="bare Pykka")
    done = threading.Event()
    Ours.start(actor_context=actor_context, done=done)
    actor_context.actor_registry.wait_until_ready(["counter"], seconds=5)
    message = RowChanged(table="deployments", changes=())
    published = _rate(lambda: actor_context.event_bus.publish(message), done)
    yield Figure(
        name="messages published to one listener",
        value=published,
        unit="/s",
        floor=floor,
        floor_is="bare Pykka",
    )
    pykka.ActorRegistry.stop_all()


def _rate(send: Callable[[], None], done: threading.Event) -> float:
    began = time.perf_counter()
    for _ in range(MESSAGES):
        send()
    done.wait(120)
    return MESSAGES / (time.perf_counter() - began)
