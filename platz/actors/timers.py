"""Timers: one thread that sends messages to actors, after a delay or periodically.

Invariant: an actor never sleeps. A periodic message is skipped while the actor's mailbox is not empty, so a slow
actor is never flooded.
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

    def cancel(self) -> None:
        """Send nothing more; a message that was already sent stays in the mailbox."""
        self.cancelled = True


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
            waiting = timer.period is not None and not timer.ref.actor_inbox.empty()
            alive = waiting or tell(timer.ref, timer.message)
            if timer.period is not None and alive and timer.ref.is_alive():
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
