"""Given many threads, when the kernel delivers a signal to any of them, then the process reacts to it."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.platz_process import PlatzProcess
from waiting import eventually

TGKILL = 234
DUMP = "supervisor: "


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    process = PlatzProcess(tmp_path_factory.mktemp("signals"), {})
    process.start()
    yield process
    process.sweep()


def threads_of(pid: int) -> list[int]:
    return sorted(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir())


def send(pid: int, thread: int, number: signal.Signals) -> None:
    if ctypes.CDLL(None, use_errno=True).syscall(TGKILL, pid, thread, number) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def test_every_thread_hears_for_all(api: PlatzProcess) -> None:
    heard = 0
    for thread in threads_of(api.pid):
        try:
            send(api.pid, thread, signal.SIGUSR1)
        except ProcessLookupError:
            continue  # a thread of a pool that has ended meanwhile
        heard += 1
        eventually(lambda expected=heard: api.log.count(DUMP) >= expected, seconds=5)
    assert heard > 20


def test_a_sigterm_that_a_worker_gets_ends_the_process(api: PlatzProcess) -> None:
    *_, youngest = threads_of(api.pid)
    assert youngest != api.pid
    send(api.pid, youngest, signal.SIGTERM)
    assert api.wait(seconds=15) == 0
