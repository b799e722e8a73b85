"""The short-lived process in which Helm runs: `-m platz.helm.child MEMORY_BYTES PYTHON [HELM_EXECUTABLE]`.

Invariant: the process reads one order from standard input, writes one line to standard output and ends. Meanwhile it
takes new tokens. It never outgrows its memory limit, writes no core file, and is killed, with all that it started, when
its parent ends, and when the time is over that the parent allowed: then another process may begin the same work.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import sys
from functools import partial
from pathlib import Path

import orjson

from platz.helm.engine import HelmEngine, HelmOutcome
from platz.helm.kill_timer import KillTimer
from platz.helm.memory_file import memory_file
from platz.helm.parent_pipe import ParentPipe
from platz.helm.token_file import TokenFile, token_file, with_token_file
from platz.helm.wire import Order, decode_news, decode_order, encode_outcome


def main(arguments: list[str]) -> None:
    """Carry out one order; end quietly when standard input is closed without one."""
    memory_bytes, python, *executable = arguments
    _limit(int(memory_bytes))
    answers = _take_standard_output()
    engine = _engine(python, executable)
    parent = ParentPipe()
    line = parent.first_line()
    if not line:
        return
    with token_file() as token:
        order = _with_own_token(decode_order(line), token)
        timer = KillTimer()
        if order.until is not None:
            timer.set(order.until)
        parent.follow(partial(_take_news, token, timer))  # only now: the first token is the oldest
        outcome = _carry_out(order, engine)
        with os.fdopen(answers, "wb") as answer:
            answer.write(encode_outcome(outcome))


def _take_news(token: TokenFile, timer: KillTimer, line: bytes) -> None:
    """Take a new token, or more time to live."""
    news = decode_news(line)
    if isinstance(news, str):
        token.write(news)
    else:
        timer.set(news)


def _with_own_token(order: Order, token: TokenFile) -> Order:
    """Return the order with its token in the file, if new ones may follow."""
    if not order.renews_token:
        return order
    return dataclasses.replace(order, kubeconfig=with_token_file(order.kubeconfig, token))


def _carry_out(order: Order, engine: HelmEngine) -> HelmOutcome:
    with memory_file("kubeconfig", orjson.dumps(order.kubeconfig)) as path:
        return engine.run(order.run, path)


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


if __name__ == "__main__":
    main(sys.argv[1:])
