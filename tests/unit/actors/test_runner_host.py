"""The pauses of a runner's tasks: they last as long as asked, unless a task must stop or the runner lets go."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest
from waiting import eventually

from platz.actors.runner_host import RunnerHost
from platz.tasks.context import Interrupted

LONG = 60.0


class Share:
    """A share of the slots that nobody needs."""

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def host() -> RunnerHost:
    return RunnerHost(cast("Any", Share()), lambda _message: None)


def sleeping(host: RunnerHost, pool: ThreadPoolExecutor) -> Future[None]:
    begun = threading.Event()

    def sleep() -> None:
        begun.set()
        host.sleep(LONG)

    asleep = pool.submit(sleep)
    assert begun.wait(10)
    return asleep


def test_a_pause_lasts_as_long_as_asked(host: RunnerHost) -> None:
    with ThreadPoolExecutor(1) as pool:
        asleep = sleeping(host, pool)
        with pytest.raises(TimeoutError):
            asleep.result(0.05)
        host.let_go()
        with pytest.raises(Interrupted):
            asleep.result(10)


def test_a_wake_ends_the_pauses_of_all_tasks_once(host: RunnerHost) -> None:
    with ThreadPoolExecutor(2) as pool:
        asleep = [sleeping(host, pool), sleeping(host, pool)]

        def all_awake() -> bool:
            host.wake_sleepers()
            return all(each.done() for each in asleep)

        eventually(all_awake)
        assert [each.result(0) for each in asleep] == [None, None]


def test_after_the_runner_let_go_nothing_sleeps(host: RunnerHost) -> None:
    host.let_go()
    with pytest.raises(Interrupted):
        host.sleep(LONG)
