"""The slots of the process: none is lost, and whoever waits for one is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from platz.actors.concurrency_limit import ConcurrencyLimit


def nobody() -> bool:
    return False


def tell(mailbox: deque[int], worker: int) -> bool:
    mailbox.append(worker)
    return True


def test_no_more_slots_are_given_than_there_are() -> None:
    limit = ConcurrencyLimit(3)
    assert [limit.acquire(2, wake=nobody) for _ in range(3)] == [2, 1, 0]


def test_slots_taken_by_force_are_missing_until_they_are_given_back() -> None:
    limit = ConcurrencyLimit(2)
    limit.force_acquire(3)
    assert limit.acquire(1, wake=nobody) == 0
    limit.release(2)
    assert limit.acquire(2, wake=nobody) == 1


def test_who_is_not_there_any_more_is_passed_over() -> None:
    limit, woken = ConcurrencyLimit(1), list[str]()
    limit.acquire(1, wake=nobody)
    limit.acquire(1, wake=lambda: False)
    limit.acquire(1, wake=lambda: woken.append("second") is None)
    limit.release(1)
    assert woken == ["second"]


def test_who_was_woken_and_needs_nothing_leaves_the_slot_to_the_next() -> None:
    limit, woken = ConcurrencyLimit(1), list[str]()

    def wake(name: str) -> Callable[[], bool]:
        return lambda: woken.append(name) is None

    first, second = wake("first"), wake("second")
    limit.acquire(1, wake=nobody)
    limit.acquire(1, wake=first)
    limit.acquire(1, wake=second)
    limit.release(1)
    assert woken == ["first"]
    assert limit.acquire(0, wake=first) == 0
    assert woken == ["first", "second"]


@given(
    slots=st.integers(1, 4),
    work=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_all_work_is_done_whatever_the_order_in_which_workers_are_heard(
    slots: int, work: list[int], order: Random
) -> None:
    """Each worker acts on a wake-up only, as a runner does on its messages."""
    limit = ConcurrencyLimit(slots)
    left, mailbox = list(work), deque(range(len(work)))
    wakes = [partial(tell, mailbox, worker) for worker in range(len(work))]
    running = 0
    while mailbox or running:
        if running and (not mailbox or order.random() < 0.5):
            running -= 1
            limit.release(1)
            continue
        worker = mailbox.popleft()
        taken = limit.acquire(left[worker], wake=wakes[worker])
        left[worker] -= taken
        running += taken
        assert running <= slots
    assert left == [0] * len(work)
