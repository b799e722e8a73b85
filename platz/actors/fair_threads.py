"""Threads for calls that may hang: what hangs in one place takes only that place's share of them.

Invariant: a piece of work runs as soon as each of its shares and the whole have room, whatever else waits; pieces with
the same shares run in the order in which they came. No call blocks.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from typing_extensions import override

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of the threads: at most ``most`` pieces of work of ``of`` (a cluster, a host) run at once."""

    of: object
    most: int


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A piece of work that waits."""

    run: Callable[[], None]
    future: Future[None]


class FairThreads:
    """A pool of at most ``most`` threads, which start when they are needed; safe to use from every thread."""

    def __init__(self, most: int, *, name: str) -> None:
        self._most = most
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: Counter[object] = Counter()
        self._total = 0
        self._waiting: dict[tuple[Share, ...], deque[_Piece]] = {}
        self._stopped = False

    def within(self, *shares: Share) -> Executor:
        """Return an executor whose work counts in all of these shares."""
        return _Lane(self, shares)

    def stop(self) -> None:
        """Drop what waits; what runs goes on."""
        with self._lock:
            self._stopped = True
            dropped = [piece for pieces in self._waiting.values() for piece in pieces]
            self._waiting.clear()
        for piece in dropped:
            piece.future.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def begin(self, shares: tuple[Share, ...], run: Callable[[], None]) -> Future[None]:
        """Run ``run`` as soon as there is room; the future ends with it."""
        piece = _Piece(run=run, future=Future())
        with self._lock:
            self._waiting.setdefault(shares, deque()).append(piece)
        self._start_what_has_room()
        return piece.future

    def _start_what_has_room(self) -> None:
        with self._lock:
            if self._stopped:
                return
            for shares in list(self._waiting):
                self._start_of(shares)

    def _start_of(self, shares: tuple[Share, ...]) -> None:
        pieces = self._waiting[shares]
        while pieces and self._total < self._most and self._has_room(shares):
            self._total += 1
            self._running.update(share.of for share in shares)
            self._threads.submit(self._work, shares, pieces.popleft())
        if pieces:
            self._waiting[shares] = self._waiting.pop(shares)  # to the end, so that all shares get their turn
        else:
            del self._waiting[shares]

    def _has_room(self, shares: tuple[Share, ...]) -> bool:
        return all(self._running[share.of] < share.most for share in shares)

    def _work(self, shares: tuple[Share, ...], piece: _Piece) -> None:
        try:
            if piece.future.set_running_or_notify_cancel():
                _fulfil(piece)
        finally:
            with self._lock:
                self._total -= 1
                self._running.subtract(share.of for share in shares)
                self._running += Counter()  # forgets what has no work any more
            self._start_what_has_room()


def _fulfil(piece: _Piece) -> None:
    try:
        piece.run()
    except BaseException as error:  # noqa: BLE001 - the future carries it to the actor, which raises it
        piece.future.set_exception(error)
    else:
        piece.future.set_result(None)


class _Lane(Executor):
    """The executor that `FairThreads.within` returns."""

    def __init__(self, threads: FairThreads, shares: tuple[Share, ...]) -> None:
        self._threads = threads
        self._shares = shares

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        def run() -> None:
            fn(*args, **kwargs)

        return self._threads.begin(self._shares, run)  # pyright: ignore[reportReturnType] - actors' work returns None
