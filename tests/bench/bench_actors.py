"""Messages a second through one of our actors, beside a bare Pykka actor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pykka
from figures import Figure

from platz.actors.actor import Actor, House
from platz.actors.actor_registry import Roster
from platz.actors.event_bus import Switchboard
from platz.actors.messages import RowChanged, Tick
from platz.actors.timers import Ticker

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

    def __init__(self, *, house: House, done: threading.Event) -> None:
        super().__init__(name="counter", generation=0, house=house)
        self._left, self._done = MESSAGES, done

    def handle(self, message: object) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()


def measure() -> Iterator[Figure]:
    """Tell and publish."""
    ticker = Ticker()
    house = House(roster=Roster(), switchboard=Switchboard(), ticker=ticker, failed=lambda *_: None)
    done = threading.Event()
    bare = Bare.start(done)
    floor = _rate(lambda: bare.tell(Tick(name="x")), done)
    done = threading.Event()
    ours = Ours.start(house=house, done=done)
    told = _rate(lambda: ours.tell(Tick(name="x")), done)
    ours.stop()
    yield Figure(name="messages told and handled", value=told, unit="/s", floor=floor, floor_is="bare Pykka")
    done = threading.Event()
    Ours.start(house=house, done=done)
    house.roster.wait_until_ready(["counter"], seconds=5)
    message = RowChanged(table="deployments", changes=())
    published = _rate(lambda: house.switchboard.publish(message), done)
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
