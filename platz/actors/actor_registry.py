"""The actor registry: which actors are alive, and in what state. Only here are actors held directly, not by reference.

The ready barrier, the supervisor's checks, `/readyz` and the dump of SIGUSR1 read it. Only the read-only members of
`MonitoredActor` may be used through it.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


class MonitoredActor(Protocol):
    """The part of an actor that the registry uses."""

    name: str
    ready: bool
    heartbeat_at: float

    @property
    def depth(self) -> int:
        """Number of messages that wait in the mailbox."""
        ...

    @property
    def thread(self) -> threading.Thread | None:
        """The thread that handles the messages."""
        ...

    def describe(self) -> str:
        """Return a few words on what the actor is doing."""
        ...


@dataclass(frozen=True, kw_only=True)
class Health:
    """The state of one actor: ``depth`` messages wait, and it began the last one ``silent_seconds`` ago."""

    name: str
    ready: bool
    depth: int
    silent_seconds: float
    describes: str


class ActorRegistry:
    """The living actors, by name; safe to use from every thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._actors: dict[str, MonitoredActor] = {}

    def add(self, actor: MonitoredActor) -> None:
        """Add an actor, in place of a predecessor of the same name."""
        with self._changed:
            self._actors[actor.name] = actor

    def remove(self, actor: MonitoredActor) -> None:
        """Remove an actor, unless a successor has already taken its place."""
        with self._changed:
            if self._actors.get(actor.name) is actor:
                del self._actors[actor.name]

    def became_ready(self) -> None:
        """Wake the threads in `wait_until_ready`, because an actor has become ready."""
        with self._changed:
            self._changed.notify_all()

    def wait_until_ready(self, names: Collection[str], *, seconds: float) -> frozenset[str]:
        """Wait until all of ``names`` are ready; return those that are not after ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: not self._missing(names), timeout=seconds)
            return self._missing(names)

    def health(self) -> tuple[Health, ...]:
        """Return the state of every actor, sorted by name."""
        now = time.monotonic()
        return tuple(
            Health(
                name=actor.name,
                ready=actor.ready,
                depth=actor.depth,
                silent_seconds=now - actor.heartbeat_at,
                describes=actor.describe(),
            )
            for actor in self._sorted()
        )

    def dump(self) -> str:
        """Return a text for operators that describes every actor, with its stack."""
        return "\n".join(_dump(actor) for actor in self._sorted())

    def _missing(self, names: Collection[str]) -> frozenset[str]:
        return frozenset(name for name in names if not (m := self._actors.get(name)) or not m.ready)

    def _sorted(self) -> list[MonitoredActor]:
        with self._changed:
            return [self._actors[name] for name in sorted(self._actors)]


def _dump(actor: MonitoredActor) -> str:
    frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the documented way
    frame = frames.get(actor.thread.ident or 0) if actor.thread else None
    stack = "".join(traceback.format_stack(frame)) if frame else "  (no stack)\n"
    silent = time.monotonic() - actor.heartbeat_at
    return f"{actor.name}: {actor.depth} waiting, silent for {silent:.1f} s. {actor.describe()}\n{stack}"
