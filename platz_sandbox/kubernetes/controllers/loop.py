"""The engine of the control loops: one queue of objects to examine for each cluster.

Invariant: an object is in the queue at most once, and is examined again after every change to it, to an object that it
owns, or to a Pod that it selects; after a restart every object is examined once. It is examined `Timing.control` after
the change, so clients see what they would see of a real cluster: a status that is behind the spec.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.served_kinds import Kind, built_in
from platz_sandbox.kubernetes.objects.stored import Change, ChangeType, Stored

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The durations of the simulation, in seconds; `platz_sandbox.kubernetes` explains each."""

    ready: float = 0.6
    run: float = 0.6
    terminate: float = 0.2
    control: float = 0.0


class Loop(ABC):
    """The control loop of one kind."""

    resource: str

    def __init__(self, cluster: Cluster, timing: Timing) -> None:
        self.cluster = cluster
        self.timing = timing

    @property
    def kind(self) -> Kind:
        """The kind of the loop's objects."""
        return built_in(self.resource)

    @abstractmethod
    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Take the next step for an object; return the seconds until it must be examined again, or None."""

    def forget(self, uid: str) -> None:  # noqa: B027 - most loops remember nothing
        """Drop what the loop remembers about an object that is gone."""

    def save_status(self, document: KubeObject, status: KubeObject) -> None:
        """Write an object's status when it has changed."""
        if document.get("status") != status:
            document["status"] = status
            self.cluster.put(self.kind, document)


class Controllers:
    """The queue and the loops of one cluster."""

    def __init__(
        self, cluster: Cluster, loops: Iterable[Loop], collector: Collector, *, delay: float
    ) -> None:
        self._cluster = cluster
        self._delay = delay
        self._loops: Mapping[str, Loop] = {loop.resource: loop for loop in loops}
        self._collector = collector
        self._queue: dict[str, float] = {}  # when each object is due; what came first is due first
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._filled = asyncio.Event()
        cluster.listeners.append(self._changed)

    async def run(self) -> None:
        """Examine every object once, then each object that changes, forever."""
        for kind in list(self._cluster.kinds):
            for item in self._cluster.list(kind.resource):
                self._enqueue(item.uid)
        while True:
            await self._filled.wait()
            while self._queue:
                uid, due = next(iter(self._queue.items()))
                await asyncio.sleep(max(due - time.monotonic(), 0))
                del self._queue[uid]
                self._look_at(uid)
            self._filled.clear()

    def _changed(self, change: Change) -> None:
        self._enqueue(change.now.uid)
        for owner in change.now.owners:
            self._enqueue(owner)
        for interested in self._collector.interested_in(change):
            self._enqueue(interested)
        if change.type is ChangeType.DELETED:
            for dependent in self._cluster.dependents(change.now.uid):
                self._enqueue(dependent.uid)
            self._gone(change.now)

    def _gone(self, item: Stored) -> None:
        if timer := self._timers.pop(item.uid, None):
            timer.cancel()
        if loop := self._loops.get(item.resource):
            loop.forget(item.uid)

    def _enqueue(self, uid: str) -> None:
        self._queue.setdefault(uid, time.monotonic() + self._delay)
        self._filled.set()

    def _look_at(self, uid: str) -> None:
        item = self._cluster.by_uid(uid)
        if item is None:
            return
        try:
            again = self._step(item)
        except Exception:  # noqa: BLE001 - one object's error must not stop the others: logged and retried
            _log.exception(
                "action=reconcile cluster=%s object=%s/%s", self._cluster.name, item.resource, item.name
            )
            again = _RETRY_SECONDS
        if again is not None:
            self._look_again(uid, again)

    def _step(self, item: Stored) -> float | None:
        if self._collector.collect(item):
            return None
        loop = self._loops.get(item.resource)
        present = self._cluster.by_uid(item.uid)
        return loop.reconcile(present, present.document()) if loop and present else None

    def _look_again(self, uid: str, seconds: float) -> None:
        if timer := self._timers.pop(uid, None):
            timer.cancel()
        self._timers[uid] = asyncio.get_running_loop().call_later(max(seconds, 0.01), self._wake, uid)

    def _wake(self, uid: str) -> None:
        self._timers.pop(uid, None)
        self._enqueue(uid)


class Collector(ABC):
    """Garbage collection for objects of every kind, and the other objects that a change affects."""

    @abstractmethod
    def collect(self, item: Stored) -> bool:
        """Collect an object that has to go; return whether its own loop can be skipped."""

    @abstractmethod
    def interested_in(self, change: Change) -> Iterable[str]:
        """Return the uids of objects, other than owners, that must be examined after a change."""
