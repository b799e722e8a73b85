"""A Helm child, seen from its parent.

Invariant: a child carries out one order, ends by the deadline whatever Helm does, kills itself unless its life is
prolonged, and leaves no process of its group behind; its log is bounded.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from platz import boot_clock
from platz.helm.wire import encode_prolongation

_LOG_BYTES = 128 * 1024
_ANSWER_BYTES = 32 * 1024 * 1024  # the manifest of a dry run


@dataclass(frozen=True, kw_only=True)
class ChildCommand:
    """How to start a child: the arguments of `platz.helm.child` and its whole environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Killed(Enum):
    """Why the parent ended a child."""

    NO = "no"
    DEADLINE = "deadline"
    CANCELED = "canceled"


@dataclass(frozen=True, kw_only=True)
class ChildEnd:
    """What a child left: its answer (empty when it gave none), its log, and how it ended."""

    answer: bytes
    log: bytes
    killed: Killed
    exit_code: int


class HelmChild:
    """A started child; `serve` and `kill` may be called from different threads."""

    def __init__(self, command: ChildCommand) -> None:
        """Start the child, which loads Helm while it waits for its order."""
        self._killed = Killed.NO
        self._log = bytearray()
        # Held while a signal is sent or the child is reaped: its process id may be another process's afterwards.
        self._writing = threading.Lock()  # no line comes between the pieces of another
        self._until: float | None = None
        self._ending = threading.Lock()
        # Helm signs its fields with the name of its process (the field manager of server-side apply): the
        # child is called `helm`, so that both engines, and people at a terminal, own the same fields.
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("helm")), "-m", "platz.helm.child", *command.arguments],
            executable=sys.executable,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(command.environment),
            cwd=command.folder,
            start_new_session=True,
        )
        self._drain = threading.Thread(
            target=self._keep_log, name=f"helm-log-{self._process.pid}", daemon=True
        )
        self._drain.start()

    def is_alive(self) -> bool:
        """Tell whether the child runs, without reaping it."""
        if self._process.returncode is not None:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None

    def serve(self, order: bytes, *, seconds: float, until: float | None = None) -> ChildEnd:
        """Send the order to the child and return what it left; the child is killed after ``seconds``.

        ``until`` is the time in the order at which the child kills itself, unless `prolong` makes it later.
        """
        self._until = until
        deadline = threading.Timer(seconds, self.kill, [Killed.DEADLINE])
        deadline.daemon = True
        deadline.start()
        try:
            answer = self._ask(order)
            exit_code = self._reap()
        except BaseException:
            self.kill()
            raise
        finally:
            deadline.cancel()
        return ChildEnd(answer=answer, log=bytes(self._log), killed=self._why(exit_code), exit_code=exit_code)

    def prolong(self, until: float) -> None:
        """Let a child that serves an order live until then; never blocks."""
        if not self._writing.acquire(blocking=False):
            return  # the order is being written; the next prolongation will do
        try:
            stdin = self._process.stdin
            if self._until is None or stdin is None or stdin.closed:
                return
            if _has_room(stdin):
                with contextlib.suppress(BrokenPipeError):
                    os.write(stdin.fileno(), encode_prolongation(until))
                    self._until = until
        finally:
            self._writing.release()

    def send(self, line: bytes) -> None:
        """Send one more line to the child; a child that has ended gets nothing."""
        with self._ending:
            if self._process.returncode is None and self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.write(line)
                    self._process.stdin.flush()

    def kill(self, reason: Killed = Killed.CANCELED) -> None:
        """Kill the child and all that it started."""
        with self._ending:
            if self._process.returncode is None:
                self._killed = reason if self._killed is Killed.NO else self._killed
                os.killpg(self._process.pid, signal.SIGKILL)

    def discard(self) -> None:
        """Kill and reap a child that is not needed."""
        self.kill()
        self._reap()

    def _ask(self, order: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both are pipes")
        with self._writing, contextlib.suppress(BrokenPipeError):
            stdin.write(order)
            stdin.flush()
        return stdout.read(_ANSWER_BYTES)

    def _reap(self) -> int:
        """Wait for the child, kill what Helm started and left running, and only then free the process id."""
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._ending:
            os.killpg(self._process.pid, signal.SIGKILL)
            exit_code = self._process.wait()
        self._drain.join()
        with self._writing:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        return exit_code

    def _why(self, exit_code: int) -> Killed:
        """Return why the child was ended, also if it was by the timer that it had set itself."""
        timed_out = self._until is not None and boot_clock.now() >= self._until
        if self._killed is Killed.NO and timed_out and exit_code == -signal.SIGKILL:
            return Killed.CANCELED
        return self._killed

    def _keep_log(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and (piece := os.read(stderr.fileno(), 1 << 16)):
            self._log += piece
            if len(self._log) > 2 * _LOG_BYTES:
                del self._log[:-_LOG_BYTES]


def _has_room(pipe: IO[bytes]) -> bool:
    """Return whether a line can be written without waiting: a pipe is ready when a whole page is free."""
    ready = select.poll()
    ready.register(pipe, select.POLLOUT)
    return any(event & select.POLLOUT for _, event in ready.poll(0))
