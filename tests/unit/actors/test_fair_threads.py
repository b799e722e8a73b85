"""What hangs in one place holds up nothing elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest
from waiting import eventually

from platz.actors.fair_threads import FairThreads, Share


@pytest.fixture
def threads() -> Iterator[FairThreads]:
    threads = FairThreads(8, name="fair")
    yield threads
    threads.stop()


class Hanging:
    """Work that hangs until the test lets it go on."""

    def __init__(self) -> None:
        self.going = 0
        self.let_go = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.going += 1
        self.let_go.wait(30)


def test_what_hangs_in_one_cluster_does_not_hold_up_another(threads: FairThreads) -> None:
    dead = Hanging()
    hung = [threads.within(Share(of="dead", most=3)).submit(dead) for _ in range(100)]
    done = [threads.within(Share(of="alive", most=3)).submit(lambda: None) for _ in range(100)]
    for each in done:
        each.result(timeout=10)
    assert dead.going == 3
    dead.let_go.set()
    for each in hung:
        each.result(timeout=10)
    assert dead.going == 100


def test_work_counts_in_all_its_shares(threads: FairThreads) -> None:
    hang = Hanging()
    wide, narrow = Share(of="cluster", most=4), Share(of="host", most=1)
    for _ in range(3):
        threads.within(wide, narrow).submit(hang)
    threads.within(wide, Share(of="other host", most=1)).submit(lambda: None).result(timeout=10)
    assert hang.going == 1
    hang.let_go.set()


def test_no_more_than_the_whole_run_at_once(threads: FairThreads) -> None:
    hang = Hanging()
    futures = [threads.within(Share(of=place, most=5)).submit(hang) for place in range(20)]
    eventually(lambda: hang.going == 8)
    hang.let_go.set()
    for each in futures:
        each.result(timeout=10)


def test_pieces_of_one_share_run_in_order(threads: FairThreads) -> None:
    ran: list[int] = []
    lane = threads.within(Share(of="one", most=1))
    for each in [lane.submit(ran.append, number) for number in range(50)]:
        each.result(timeout=10)
    assert ran == list(range(50))


def test_a_failure_is_the_futures_and_frees_the_place(threads: FairThreads) -> None:
    lane = threads.within(Share(of="one", most=1))

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        lane.submit(fail).result(timeout=10)
    lane.submit(lambda: None).result(timeout=10)


def test_what_waits_is_dropped_at_the_end() -> None:
    threads, hang = FairThreads(1, name="fair"), Hanging()
    lane = threads.within(Share(of="one", most=1))
    lane.submit(hang)
    waiting = lane.submit(hang)
    threads.stop()
    with pytest.raises(CancelledError):
        waiting.result(timeout=10)
    hang.let_go.set()
