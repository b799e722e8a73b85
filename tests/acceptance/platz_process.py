"""A real process of Platz on free ports in a folder of its own, and everything that belongs to it.

Invariant: what a test started is gone when the test is; `processes` finds every process of the folder, whoever its
parent is by now (PostgreSQL, stand-ins and Helm children are in sessions of their own).
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
    """A free port for each setting that takes one, below those that the system gives to outgoing connections."""
    found: list[int] = []
    while len(found) < len(PORT_SETTINGS):
        port = random.choice(BELOW_EPHEMERAL)
        if port not in found and not is_listening(port):
            found.append(port)
    return dict(zip(PORT_SETTINGS, found, strict=True))


def is_listening(port: int) -> bool:
    """Tell whether a port of the loopback interface is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process that was waited for ended."""

    status: int
    out: str
    errors: str

    @property
    def complaint(self) -> str:
        """The one line that a refused start prints."""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        assert len(lines) == 1, self.errors
        assert lines[0].startswith("platz: "), self.errors
        return lines[0]


@dataclass(frozen=True, kw_only=True)
class RunningProcess:
    """A line of the process table."""

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
        """``settings`` are environment variables; what they do not say has a free port or its default.

        ``program`` starts Platz: that of this checkout, or an installed one.
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
        """The kubeconfig that the banner names."""
        return self.data / "kubernetes" / "kubeconfig"

    @property
    def database_url(self) -> str:
        """The embedded database, as the banner says it."""
        return f"postgresql://postgres:postgres@127.0.0.1:{self.settings['PLATZ_POSTGRES_PORT']}/platz"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """What the present process printed."""
        return self._file("out").read_text()

    @property
    def log(self) -> str:
        """What the present process logged."""
        return self._file("log").read_text()

    def start(self, *arguments: str, seconds: float = READY_SECONDS) -> float:
        """Start, wait for the banner, and return how many seconds that took."""
        began = time.monotonic()
        process = self.spawn(*arguments)
        eventually(lambda: "Platz is ready" in self.output or process.poll() is not None, seconds=seconds)
        assert process.poll() is None, f"It ended with {process.returncode}:\n{self.log[-4000:]}"
        took = time.monotonic() - began
        if "api" in self.settings.get("PLATZ_ROLES", "api"):
            assert httpx.get(f"{self.url}/readyz", verify=False).status_code == 200
        return took

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start without waiting for anything."""
        assert not self.is_alive()
        self.starts += 1
        with self._file("out").open("wb") as out, self._file("log").open("wb") as log:
            self._process = self._popen(arguments, out, log)
        return self._process

    def refuse(self, *arguments: str, seconds: float = READY_SECONDS) -> Ended:
        """Start what is expected to end by itself, and return how it did."""
        process = self.spawn(*arguments)
        status = process.wait(timeout=seconds)
        return Ended(status=status, out=self.output, errors=self.log)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = STOP_SECONDS) -> int:
        """Ask the process to end and return its exit status."""
        self.signal(number)
        return self.wait(seconds=seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal and return at once."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, *, seconds: float = STOP_SECONDS) -> int:
        """Wait for the end of the process and return its exit status."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def kill(self) -> None:
        """End the process as a crash would: no handler runs, no child is told."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=STOP_SECONDS)

    def sweep(self) -> None:
        """End whatever is left, however the test went."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)
        for left in self.processes():
            _kill(left.pid)
        eventually(lambda: not self.processes(), seconds=STOP_SECONDS)

    def processes(self) -> Sequence[RunningProcess]:
        """Every live process that works in the folder or was told of it: the process's own and its children."""
        return [
            RunningProcess(pid=int(entry.name), command=command)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and (command := _command_in(entry, self.folder)) is not None
        ]

    def find(self, words: str) -> Sequence[RunningProcess]:
        """The processes of the folder whose command line holds ``words``."""
        return [process for process in self.processes() if words in process.command]

    def sql(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run one statement in the database and return its rows."""
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
    """`kill -9`."""
    os.kill(pid, signal.SIGKILL)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _command_in(entry: Path, folder: Path) -> str | None:
    """The command line of a process that has to do with ``folder``; None for others and for the dead."""
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        works_in = (entry / "cwd").readlink()
    except OSError:
        return None
    if not command:
        return None
    return command if works_in.is_relative_to(folder) or str(folder) in command else None
