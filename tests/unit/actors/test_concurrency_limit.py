"""The slots of the process: none is lost, whoever waits for one is told, and a dead cluster holds none."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import eventually

from platz.actors.concurrency_limit import ClusterShare, ConcurrencyLimit


def nobody() -> bool:
    return False


def tell(mailbox: deque[int], worker: int) -> bool:
    mailbox.append(worker)
    return True


def waking(woken: list[str], name: str) -> Callable[[], bool]:
    return lambda: woken.append(name) is None


def test_a_single_cluster_gets_as_many_slots_as_there_are() -> None:
    share = ConcurrencyLimit(3).share()
    assert [share.acquire(2, wake=nobody) for _ in range(3)] == [2, 1, 0]


def test_the_last_slot_is_kept_for_a_cluster_that_holds_none() -> None:
    limit = ConcurrencyLimit(4)
    busy, quiet = limit.share(), limit.share()
    assert busy.acquire(4, wake=nobody) == 3
    assert quiet.acquire(2, wake=nobody) == 1


def test_a_cluster_that_may_not_take_the_last_slot_is_told_when_there_is_another() -> None:
    limit, woken = ConcurrencyLimit(2), list[str]()
    busy, _quiet = limit.share(), limit.share()
    assert busy.acquire(2, wake=waking(woken, "busy")) == 1
    assert woken == []
    busy.release(1)
    assert woken == ["busy"]


def test_slots_taken_by_force_are_missing_until_they_are_given_back() -> None:
    share = ConcurrencyLimit(2).share()
    share.force_acquire(3)
    assert share.acquire(1, wake=nobody) == 0
    share.release(2)
    assert share.acquire(2, wake=nobody) == 1


def test_who_is_not_there_any_more_is_passed_over() -> None:
    share, woken = ConcurrencyLimit(1).share(), list[str]()
    share.acquire(1, wake=nobody)
    share.acquire(1, wake=lambda: False)
    share.acquire(1, wake=waking(woken, "second"))
    share.release(1)
    assert woken == ["second"]


def test_who_was_woken_and_needs_nothing_leaves_the_slot_to_the_next() -> None:
    share, woken = ConcurrencyLimit(1).share(), list[str]()
    first, second = waking(woken, "first"), waking(woken, "second")
    share.acquire(1, wake=nobody)
    share.acquire(1, wake=first)
    share.acquire(1, wake=second)
    share.release(1)
    assert woken == ["first"]
    assert share.acquire(0, wake=first) == 0
    assert woken == ["first", "second"]


def test_the_cluster_with_the_fewest_slots_is_told_first() -> None:
    limit, woken = ConcurrencyLimit(3), list[str]()
    busy, quiet = limit.share(), limit.share()
    busy.force_acquire(3)
    busy.acquire(1, wake=waking(woken, "busy"))
    quiet.acquire(1, wake=waking(woken, "quiet"))
    busy.release(1)
    assert woken == ["quiet"]


@pytest.mark.parametrize("dead", [1, 8, 100])
def test_dead_clusters_hold_no_slots_of_a_healthy_one(dead: int) -> None:
    limit, woken = ConcurrencyLimit(8), list[str]()
    healthy = limit.share()
    for _ in range(dead):
        share = limit.share()
        share.acquire(4, wake=nobody)
        share.set_apart(True)
        assert share.acquire(4, wake=nobody) == 4, "its tasks still start, and wait"
    assert healthy.acquire(4, wake=waking(woken, "healthy")) == 4
    assert woken == []


def test_a_cluster_that_waits_is_told_when_another_one_dies() -> None:
    limit, woken = ConcurrencyLimit(1), list[str]()
    dying, healthy = limit.share(), limit.share()
    dying.acquire(1, wake=nobody)
    healthy.acquire(1, wake=waking(woken, "healthy"))
    dying.set_apart(True)
    assert woken == ["healthy"]


def test_the_tasks_of_a_cluster_count_again_when_it_answers() -> None:
    limit = ConcurrencyLimit(2)
    share, other = limit.share(), limit.share()
    share.set_apart(True)
    share.acquire(2, wake=nobody)
    share.set_apart(False)
    assert other.acquire(1, wake=nobody) == 0
    share.release(2)
    assert other.acquire(1, wake=nobody) == 1


def waiting_in_thread(share: ClusterShare, gate: threading.Event) -> threading.Thread:
    def wait() -> None:
        with share.waiting():
            gate.wait(20)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_task_that_waits_leaves_its_slot_to_others_and_waits_for_one_afterwards() -> None:
    limit, gate = ConcurrencyLimit(1), threading.Event()
    share, other = limit.share(), limit.share()
    share.acquire(1, wake=nobody)
    task = waiting_in_thread(share, gate)
    eventually(lambda: other.acquire(1, wake=nobody) == 1)
    gate.set()
    eventually(lambda: share in limit.queue.values())
    assert task.is_alive()
    other.release(1)
    task.join(timeout=10)
    assert not task.is_alive()
    assert (share.held, limit.free) == (1, 0)


def test_a_task_whose_runner_lets_go_does_not_wait_for_a_slot() -> None:
    limit, gate = ConcurrencyLimit(1), threading.Event()
    share, other = limit.share(), limit.share()
    share.acquire(1, wake=nobody)
    task = waiting_in_thread(share, gate)
    eventually(lambda: other.acquire(1, wake=nobody) == 1)
    gate.set()
    eventually(lambda: share in limit.queue.values())
    share.close()
    task.join(timeout=10)
    assert not task.is_alive()
    share.release(1)
    other.release(1)
    assert limit.free == 1


def test_a_task_that_is_interrupted_while_it_waits_keeps_the_count_right() -> None:
    limit = ConcurrencyLimit(1)
    share = limit.share()
    share.acquire(1, wake=nobody)
    with pytest.raises(KeyError), share.waiting():
        raise KeyError
    assert limit.free == 0
    share.release(1)
    assert limit.free == 1


@given(
    slots=st.integers(1, 4),
    work=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_all_work_is_done_whatever_the_order_in_which_workers_are_heard(
    slots: int, work: list[int], order: Random
) -> None:
    """Each worker acts on a wake-up only, as a runner does on its messages; now and then a cluster dies or answers."""
    limit = ConcurrencyLimit(slots)
    left, mailbox = list(work), deque(range(len(work)))
    shares = [limit.share() for _ in work]
    wakes = [partial(tell, mailbox, worker) for worker in range(len(work))]
    running: list[int] = []
    while mailbox or running:
        if order.random() < 0.1:
            order.choice(shares).set_apart(order.random() < 0.5)
        if running and (not mailbox or order.random() < 0.5):
            shares[running.pop(order.randrange(len(running)))].release(1)
            continue
        if not mailbox:
            continue
        worker = mailbox.popleft()
        taken = shares[worker].acquire(left[worker], wake=wakes[worker])
        left[worker] -= taken
        running += [worker] * taken
    assert left == [0] * len(work)
    assert limit.free == slots
