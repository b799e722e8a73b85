"""A real Platz process on free ports in a folder of its own, and the processes that belong to it.

Invariant: every process that a test started has ended when the test ends. `processes` finds all processes of the
folder, even with another parent by now (PostgreSQL, stand-ins and Helm children have sessions of their own).
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import psycopg
from repository import ROOT
from waiting import eventually

CHECKOUT = (sys.executable, ROOT / "run.py")
READY_SECONDS = 40.0
STOP_SECONDS = 15.0
PORT_SETTINGS = (
    "API_PORT",
    "PLATZ_POSTGRES_PORT",
    "PLATZ_IDENTITY_PORT",
    "PLATZ_SIMULATOR_PORT",
    "PLATZ_SIMULATOR_INGRESS_PORT",
    "PLATZ_REGISTRY_PORT",
)
BELOW_EPHEMERAL = range(21_000, 32_000)


def free_ports() -> dict[str, int]:
    """Return a free port for each port setting, below the range that the system uses for outgoing connections."""
    found: list[int] = []
    while len(found) < len(PORT_SETTINGS):
        port = random.choice(BELOW_EPHEMERAL)
        if port not in found and not is_listening(port):
            found.append(port)
    return dict(zip(PORT_SETTINGS, found, strict=True))


def is_listening(port: int) -> bool:
    """Tell whether something listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The exit status and output of a process that has ended."""

    status: int
    out: str
    errors: str

    @property
    def complaint(self) -> str:
        """The one line that Platz prints when it refuses to start."""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        assert len(lines) == 1, self.errors
        assert lines[0].startswith("platz: "), self.errors
        return lines[0]


@dataclass(frozen=True, kw_only=True)
class RunningProcess:
    """One entry of the process table."""

    pid: int
    command: str


class PlatzProcess:
    """One installation: a folder with its data, its ports, and at most one running process."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        program: Sequence[str | Path] = CHECKOUT,
    ) -> None:
        """Take environment variables as ``settings``; other ports are free ones, other settings have defaults.

        ``program`` is the command that starts Platz: the one of this checkout, or an installed one.
        """
        self.folder = folder
        self.data = folder / "data"
        self.ports = free_ports()
        self.settings = {
            "PLATZ_DATA_DIR": str(self.data),
            **{name: str(port) for name, port in self.ports.items()},
            **(settings or {}),
        }
        self.starts = 0
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['API_PORT']}"

    @property
    def kubeconfig(self) -> Path:
        """The path of the kubeconfig that the banner names."""
        return self.data / "kubernetes" / "kubeconfig"

    @property
    def database_url(self) -> str:
        """The URL of the embedded database, as the banner shows it."""
        return f"postgresql://postgres:postgres@127.0.0.1:{self.settings['PLATZ_POSTGRES_PORT']}/platz"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """The text that the current process has printed."""
        return self._file("out").read_text()

    @property
    def log(self) -> str:
        """The text that the current process has logged."""
        return self._file("log").read_text()

    def start(self, *arguments: str, seconds: float = READY_SECONDS) -> float:
        """Start the process and wait for the banner; return the seconds that it took."""
        began = time.monotonic()
        process = self.spawn(*arguments)
        eventually(lambda: "Platz is ready" in self.output or process.poll() is not None, seconds=seconds)
        assert process.poll() is None, f"It ended with {process.returncode}:\n{self.log[-4000:]}"
        took = time.monotonic() - began
        if "api" in self.settings.get("PLATZ_ROLES", "api"):
            assert httpx.get(f"{self.url}/readyz", verify=False).status_code == 200
        return took

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the process without waiting for anything."""
        assert not self.is_alive()
        self.starts += 1
        with self._file("out").open("wb") as out, self._file("log").open("wb") as log:
            self._process = self._popen(arguments, out, log)
        return self._process

    def refuse(self, *arguments: str, seconds: float = READY_SECONDS) -> Ended:
        """Start a process that is expected to end by itself; return how it ended."""
        process = self.spawn(*arguments)
        status = process.wait(timeout=seconds)
        return Ended(status=status, out=self.output, errors=self.log)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = STOP_SECONDS) -> int:
        """Send a signal to stop the process; return its exit status."""
        self.signal(number)
        return self.wait(seconds=seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and return at once."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, *, seconds: float = STOP_SECONDS) -> int:
        """Wait until the process ends; return its exit status."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def kill(self) -> None:
        """Kill the process as a crash would: no handler runs, and no child is notified."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=STOP_SECONDS)

    def sweep(self) -> None:
        """Kill all processes that are left, whether or not the test passed."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)
        for left in self.processes():
            _kill(left.pid)
        eventually(lambda: not self.processes(), seconds=STOP_SECONDS)

    def processes(self) -> Sequence[RunningProcess]:
        """Return every live process that works in the folder or has it in its command: Platz and its children."""
        return [
            RunningProcess(pid=int(entry.name), command=command)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and (command := _command_in(entry, self.folder)) is not None
        ]

    def find(self, words: str) -> Sequence[RunningProcess]:
        """Return the processes of the folder whose command line contains ``words``."""
        return [process for process in self.processes() if words in process.command]

    def sql(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run one statement in the database; return its rows."""
        url = self.settings.get("DATABASE_URL", self.database_url)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def _popen(self, arguments: Sequence[str], out: IO[bytes], log: IO[bytes]) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.Popen(
            [*self._program, *arguments],
            cwd=self.folder,
            env={**kept, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            start_new_session=True,
        )

    def _file(self, name: str) -> Path:
        return self.folder / f"start-{self.starts}.{name}"


def end_process(pid: int) -> None:
    """Kill a process with SIGKILL."""
    os.kill(pid, signal.SIGKILL)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _command_in(entry: Path, folder: Path) -> str | None:
    """Return the command line of a process that uses ``folder``; None for other or dead processes."""
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        works_in = (entry / "cwd").readlink()
    except OSError:
        return None
    if not command:
        return None
    return command if works_in.is_relative_to(folder) or str(folder) in command else None
