"""The short-lived process in which Helm runs: `-m platz.helm.child MEMORY_BYTES PYTHON [HELM_EXECUTABLE]`.

Invariant: the process reads one order from standard input, writes one line to standard output and ends. It never
outgrows its memory limit, writes no core file, and is killed, with all that it started, when its parent ends.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
from pathlib import Path

import orjson

from platz.helm.engine import HelmEngine
from platz.helm.memory_file import memory_file
from platz.helm.wire import decode_order, encode_outcome


def main(arguments: list[str]) -> None:
    """Carry out one order; end quietly when standard input is closed without one."""
    memory_bytes, python, *executable = arguments
    _limit(int(memory_bytes))
    answers = _take_standard_output()
    engine = _engine(python, executable)
    line = _first_line()
    if not line:
        return
    _die_with_parent()
    order = decode_order(line)
    with memory_file("kubeconfig", orjson.dumps(order.kubeconfig)) as kubeconfig:
        outcome = engine.run(order.run, kubeconfig)
    with os.fdopen(answers, "wb") as answer:
        answer.write(encode_outcome(outcome))


def _limit(memory_bytes: int) -> None:
    """Limit the memory, and let the kernel kill this process before any other when memory runs out.

    The limit is RLIMIT_DATA, because the Go runtime reserves some 700 MB of address space that it does not use:
    under a sensible RLIMIT_AS it does not even start.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def _take_standard_output() -> int:
    """Keep the pipe for the outcome, and send what Helm prints to standard error, which is the log."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _engine(python: str, executable: list[str]) -> HelmEngine:
    """Return the engine; this process is called `helm`, so it has to be told where its ``python`` is."""
    if executable:
        from platz.helm.executable_engine import ExecutableEngine

        return ExecutableEngine(Path(executable[0]), python=python)
    from platz.helm.sdk_engine import SdkEngine

    return SdkEngine()


def _first_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            return b""
        line += piece
    return bytes(line)


def _die_with_parent() -> None:
    """Kill the whole process group when the kernel closes the pipe of a parent that has died, however it died."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
