"""Timers: one thread that sends messages to actors, after a delay or periodically.

Invariant: an actor never sleeps. A periodic message is not sent again while the last one waits in the mailbox, so a
slow actor is never flooded; and it is never skipped because other messages wait, so an hourly search does not come an
hour late.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pykka

from platz.actors.event_bus import tell


@dataclass(order=True, kw_only=True)
class Timer:
    """A message to send at ``due`` (monotonic seconds), and then every ``period`` seconds if that is set."""

    due: float
    order: int
    ref: pykka.ActorRef[Any] = field(compare=False)
    message: object = field(compare=False)
    period: float | None = field(compare=False, default=None)
    cancelled: bool = field(compare=False, default=False)
    is_waiting: bool = field(compare=False, default=False)
    """A periodic message was sent and the actor has not taken it yet."""

    def cancel(self) -> None:
        """Send nothing more; a message that was already sent stays in the mailbox."""
        self.cancelled = True


@dataclass(frozen=True, kw_only=True)
class PeriodicMessage:
    """The message of a periodic timer on its way to the actor."""

    timer: Timer

    def take(self) -> object:
        """Return the message; from now on the timer may send it again."""
        self.timer.is_waiting = False
        return self.timer.message


class Timers:
    """The pending timers and the thread that sends their messages."""

    def __init__(self) -> None:
        self._pending: list[Timer] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; no more messages are sent."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def after(self, ref: pykka.ActorRef[Any], message: object, *, seconds: float) -> Timer:
        """Send ``message`` once, in ``seconds``."""
        return self._add(ref, message, seconds, None)

    def every(
        self, ref: pykka.ActorRef[Any], message: object, *, seconds: float, first: float | None = None
    ) -> Timer:
        """Send ``message`` every ``seconds``, the first time after ``first`` (by default one period)."""
        return self._add(ref, message, seconds if first is None else first, seconds)

    def _add(self, ref: pykka.ActorRef[Any], message: object, delay: float, period: float | None) -> Timer:
        timer = Timer(
            due=time.monotonic() + delay, order=next(self._order), ref=ref, message=message, period=period
        )
        with self._changed:
            heapq.heappush(self._pending, timer)
            self._changed.notify()
        return timer

    def _run(self) -> None:
        while (timer := self._next_due()) is not None:
            if timer.cancelled:
                continue
            if timer.period is None:
                tell(timer.ref, timer.message)
            elif _send_unless_waiting(timer):
                timer.due = time.monotonic() + timer.period
                with self._changed:
                    heapq.heappush(self._pending, timer)

    def _next_due(self) -> Timer | None:
        with self._changed:
            while not self._stopped:
                wait = self._pending[0].due - time.monotonic() if self._pending else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._pending)
                self._changed.wait(wait)
        return None


def _send_unless_waiting(timer: Timer) -> bool:
    """Send a periodic message unless the last one still waits; return whether the actor is alive."""
    if timer.is_waiting:
        return timer.ref.is_alive()
    timer.is_waiting = True  # first, because the actor may take the message at once
    return tell(timer.ref, PeriodicMessage(timer=timer))
