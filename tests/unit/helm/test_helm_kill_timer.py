"""The timer of the kernel ends its process in time, whatever the process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from platz import boot_clock

STATES = {
    "busy": "while True: pass",
    "waiting": "import threading; threading.Event().wait(60)",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "deaf": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); signal.pause()",
}


def python(program: str) -> subprocess.Popen[bytes]:
    head = "import os, signal\nfrom platz import boot_clock\nfrom platz.helm.kill_timer import *\n"
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", head + program], env=environment)


@pytest.mark.parametrize("state", STATES)
def test_a_process_is_killed_in_time_in_every_state(state: str) -> None:
    began = boot_clock.now()
    process = python(f"timer = KillTimer(); timer.set(boot_clock.now() + 0.5)\n{STATES[state]}")
    assert process.wait(timeout=20) == -signal.SIGKILL
    assert boot_clock.now() - began > 0.5


def test_a_time_that_is_past_ends_the_process_at_once() -> None:
    assert python("timer = KillTimer(); timer.set(0)\nwhile True: pass").wait(timeout=20) == -signal.SIGKILL


def test_a_later_time_replaces_the_former_one() -> None:
    program = "timer = KillTimer(); timer.set(boot_clock.now() + 0.3); timer.set(boot_clock.now() + 60)\n"
    wait = "import threading; threading.Event().wait(1); os._exit(7)"
    assert python(program + wait).wait(timeout=20) == 7


def test_a_process_that_asked_for_it_dies_with_its_parent() -> None:
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '60'], stdout=sys.stdout, preexec_fn=die_with_parent)\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    head = "import os, signal\nfrom platz.helm.kill_timer import *\n"
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", head + program],
        env=environment,
        stdout=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.strip().isdigit(), "the pipe is closed only when the child is gone, too"
