"""The concurrency limit: how many tasks may run at once in this process, in all clusters together.

Each cluster has a share of the slots. The tasks of a cluster that does not answer are counted apart: they make no
progress, so they hold no slot of a cluster that does. When the cluster answers again they count again, and a task that
waited for its cluster waits for a slot first.

Invariants: no call blocks except `ClusterShare.waiting`; no slot stays free while a cluster waits for one, except the
last, which is kept for a cluster that holds none. A cluster that gets fewer slots than it wanted is woken when slots
become free, the one that holds the fewest first, and among equals the one that has waited longest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

Wake = Callable[[], bool]
"""A function that tells a waiting caller that a slot is free; it returns False if the caller has ended."""


class ConcurrencyLimit:
    """The slots of the process; safe to use from every thread."""

    def __init__(self, limit: int) -> None:
        self.lock = threading.Lock()
        self.free = limit
        self.shares: set[ClusterShare] = set()
        self.queue: dict[Wake, ClusterShare] = {}  # in the order in which they came

    def share(self) -> ClusterShare:
        """Return a new cluster's share, which holds no slot yet."""
        share = ClusterShare(self)
        with self.lock:
            self.shares.add(share)
        return share

    def grant(self, share: ClusterShare, wanted: int) -> int:
        """Return how many of the wanted slots the share may take now; call it with the lock held."""
        if share.apart:
            return wanted
        if len(self.shares) == 1:
            return max(0, min(self.free, wanted))
        first = min(1, wanted) if share.held <= 0 < self.free else 0
        return first + max(0, min(self.free - first - 1, wanted - first))

    def wake_those_who_wait(self) -> None:
        """Wake as many as there are free slots; call it without the lock."""
        with self.lock:
            left = max(1, self.free)  # the waiting of a cluster that is apart need no free slot
        while left > 0 and (wake := self._next()) is not None:
            if wake():
                left -= 1

    def _next(self) -> Wake | None:
        with self.lock:
            able = [(share.held, wake) for wake, share in self.queue.items() if self.grant(share, 1)]
            if not able:
                return None
            _, wake = min(able, key=lambda entry: entry[0])
            del self.queue[wake]
        return wake


class ClusterShare:
    """The slots that the tasks of one cluster hold; `ConcurrencyLimit.share` makes it."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._closed = threading.Event()
        self.held = 0
        self.apart = False

    def acquire(self, wanted: int, *, wake: Wake) -> int:
        """Take up to ``wanted`` slots and return how many were taken; if fewer, ``wake`` is called once, later.

        A caller that was woken must call this again, with 0 if it has nothing left to do, so that the slot goes to
        another caller.
        """
        with self._limit.lock:
            self._limit.queue.pop(wake, None)
            taken = self._limit.grant(self, wanted)
            self._count(taken)
            if taken < wanted:
                self._limit.queue[wake] = self
        self._limit.wake_those_who_wait()
        return taken

    def force_acquire(self, count: int) -> None:
        """Take slots even if none is free, for tasks that a predecessor started and that go on at once."""
        with self._limit.lock:
            self._count(count)

    def release(self, count: int) -> None:
        """Give slots back."""
        with self._limit.lock:
            self._count(-count)
        self._limit.wake_those_who_wait()

    def set_apart(self, apart: bool) -> None:
        """Count the tasks of this cluster apart, because it does not answer, or with all others again."""
        with self._limit.lock:
            if apart != self.apart:
                self._limit.free += self.held if apart else -self.held
                self.apart = apart
        self._limit.wake_those_who_wait()

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Give the slot of a task back while it waits, and wait for another one afterwards.

        A task that ends with an exception, or whose share is closed, does not wait for a slot.
        """
        self.release(1)
        try:
            yield
        except BaseException:
            self.force_acquire(1)
            raise
        self._take_back()

    def close(self) -> None:
        """End the waiting of all tasks of this share, whose runner lets go of them, and expect no others."""
        self._closed.set()
        with self._limit.lock:
            self._limit.shares.discard(self)
            wakes = [wake for wake, share in self._limit.queue.items() if share is self]
            for wake in wakes:
                del self._limit.queue[wake]
        for wake in wakes:
            wake()

    def _take_back(self) -> None:
        woken = threading.Event()

        def wake() -> bool:
            woken.set()
            return True

        while not self._closed.is_set():
            woken.clear()
            if self.acquire(1, wake=wake):
                return
            if self._closed.is_set():  # closed in between, so nobody may wake this thread any more
                break
            woken.wait()
        self.acquire(0, wake=wake)
        self.force_acquire(1)

    def _count(self, number: int) -> None:
        self.held += number
        if not self.apart:
            self._limit.free -= number
