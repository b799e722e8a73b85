"""One running PostgreSQL server process: a child of this process, or one that an earlier Platz left behind.

Invariant: a process counts as the server of a data folder only when that is its working directory; a pid file proves
nothing, since process ids are reused and a crash may leave the file half written.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PID_FILE = "postmaster.pid"
POLL_SECONDS = 0.01


@dataclass(frozen=True, kw_only=True)
class PidFile:
    """Lines 1, 4 and 8 of `postmaster.pid`."""

    pid: int
    port: int | None
    ready: bool


class Postmaster:
    """A server process that can be watched and stopped, whichever process started it."""

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._child = child

    def is_alive(self) -> bool:
        """Tell whether the process still runs."""
        if self._child is not None:
            return self._child.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return not _is_zombie(self.pid)

    def stop(self, *, seconds: float) -> None:
        """End the sessions and the server; after ``seconds`` kill it, which the next start recovers from."""
        for number, timeout in ((signal.SIGINT, seconds), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._ends_within(timeout):
                return

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def read_pid_file(data: Path) -> PidFile | None:
    """Read the pid file of a data folder; return None when it is missing or half written."""
    try:
        lines = (data / PID_FILE).read_text().splitlines()
        port = int(lines[3]) if len(lines) > 3 and lines[3].strip() else None
        return PidFile(pid=int(lines[0]), port=port, ready=len(lines) > 7 and lines[7].strip() == "ready")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def find_postmaster(data: Path) -> Postmaster | None:
    """Find the live server of ``data`` that a killed process left; without one, remove its pid file.

    The caller holds the folder's lock, so no other process starts a server in it meanwhile.
    """
    for pid in _process_ids():
        if _is_postmaster(pid) and _works_in(pid, data):
            return Postmaster(pid)
    (data / PID_FILE).unlink(missing_ok=True)
    return None


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_postmaster(pid: int) -> bool:
    """Tell whether a process is the server and not one of its sessions, whose command line is `postgres: ...`."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return command[0].endswith(b"/postgres") and b"-D" in command


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
