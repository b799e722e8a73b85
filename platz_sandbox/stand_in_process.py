"""A stand-in that runs in its own process, and ends with the process that started it.

The contract between parent and child: the child is `python -m MODULE ARGUMENTS`; when it answers requests, it prints
one line of JSON on standard output (the facts that its user needs); it logs on standard error, and ends by itself when
its standard input is closed. The kernel closes that pipe however the parent dies, `kill -9` included, so no child is
left behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

import platz
from platz.errors import PlatzError

REVIVAL_SECONDS = 30.0


class StandInFailed(PlatzError):
    """A stand-in of the sandbox could not be started."""


class StandInProcess:
    """The process of one stand-in: started, waited for, restarted and stopped."""

    def __init__(self, *, name: str, module: str, arguments: Sequence[str], log: Path) -> None:
        """Take ``log``, the file to which the child's standard error is appended."""
        self.name = name
        self._log = log
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Spawn the child without waiting for it, so that several stand-ins start side by side."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(platz.__file__).parents[
                    1
                ],  # where `-m` finds Platz, wherever the parent was started
                start_new_session=True,  # Ctrl-C reaches only the parent, which stops its children in order
            )

    def wait_until_ready(self, *, seconds: float) -> Mapping[str, Any]:
        """Return the facts that the child announced; raise `StandInFailed` with the last line of its log."""
        process = self._running()
        expired = threading.Timer(seconds, process.kill)
        expired.start()
        try:
            line = process.stdout.readline() if process.stdout else b""
        finally:
            expired.cancel()
        if not line:
            self.stop(seconds=1)
            raise StandInFailed(f"The sandbox's {self.name} did not start: {self._last_words()}")
        return orjson.loads(line)

    def is_alive(self) -> bool:
        """Tell whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def start_again(self) -> None:
        """Restart a child that ended by itself; raise `StandInFailed` when it does not answer in `REVIVAL_SECONDS`."""
        self.stop(seconds=0)
        self.start()
        self.wait_until_ready(seconds=REVIVAL_SECONDS)

    def stop(self, *, seconds: float) -> None:
        """Close the child's standard input, give it ``seconds`` to end, then kill it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise StandInFailed(f"The sandbox's {self.name} was not started.")
        return self._process

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return lines[-1] if lines else "it said nothing."


def announce(facts: Mapping[str, Any]) -> None:
    """In the child: tell the parent that requests are answered from now on."""
    sys.stdout.buffer.write(orjson.dumps(facts) + b"\n")
    sys.stdout.buffer.flush()


def when_parent_ends(then: Callable[[], None]) -> None:
    """In the child: call ``then`` on another thread when standard input is closed."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        then()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
