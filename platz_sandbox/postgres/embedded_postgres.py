"""The sandbox's database: a real PostgreSQL server from a Python wheel, on the loopback interface only.

Invariants: one process of Platz owns a folder at a time, and the kernel ends that ownership however the process dies;
a server that outlived its owner is adopted, or stopped when it listens on another port; a start that fails leaves the
files as it found them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from platz.db.address import DatabaseAddress, TlsMode, connection_parameters
from platz.web_addresses import LOOPBACK
from platz_sandbox.file_lock import LockHeld, lock_file
from platz_sandbox.postgres.account import Account, server_account, server_programs
from platz_sandbox.postgres.data import CHILD_ENVIRONMENT, check_version, folder_argument, make_data_folder
from platz_sandbox.postgres.postmaster import POLL_SECONDS, Postmaster, find_postmaster, read_pid_file
from platz_sandbox.stand_in_process import StandInFailed

LOCAL = DatabaseAddress(
    host=LOOPBACK,
    port=15432,
    database="platz",
    user="postgres",
    password="postgres",  # noqa: S106 - local only and printed in the banner: a stand-in's password is no secret
    tls=TlsMode.DISABLE,
)

SERVER_SETTINGS = {
    "listen_addresses": LOCAL.host,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests: a crash of the machine may lose the data."""

SENTENCES = (
    ("No space left on device", "the disk of {folder} is full"),
    ("could not extend file", "the disk of {folder} is full"),
    (
        "Address already in use",
        "port {port} is taken; stop what listens there or choose another with PLATZ_POSTGRES_PORT",
    ),
    ("has wrong ownership", "the data in {folder} belongs to another user"),
    ("Permission denied", "it may not use the folder {folder}"),
    ("Read-only file system", "the disk of {folder} is read-only"),
)
"""Messages of the server or the system, and the sentences that a user is shown instead."""

STILL_ENDING = "pre-existing shared memory block"
"""The server's message while the sessions of a killed predecessor are still ending."""


class EmbeddedPostgres:
    """The server whose data is in ``folder``: started on a loopback port, or adopted when it runs already."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, port: int = LOCAL.port, *, durable: bool = True) -> None:
        self.address = replace(LOCAL, port=port)
        self._folder = folder.absolute()
        self._data = self._folder / "data"
        self._log = self._folder / "server.log"
        self._durable = durable
        self._lock: BinaryIO | None = None
        self._postmaster: Postmaster | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        return self._postmaster.pid if self._postmaster and self._postmaster.is_alive() else None

    def start(self, *, seconds: float = 30) -> None:
        """Return when the database answers; raise `StandInFailed` with one sentence when it does not."""
        new = [path for path in (self._data, self._folder) if not path.exists()]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock_folder(self._folder)
            self._serve(deadline=time.monotonic() + seconds)
        except BaseException as error:
            self._stop_server(seconds=10)
            for path in new if self._lock else ():  # without the lock, another process made them
                shutil.rmtree(path, ignore_errors=True)
            self._leave_folder()
            if isinstance(error, OSError | StandInFailed):
                raise self._in_a_sentence(str(error)) from error
            raise

    def is_alive(self) -> bool:
        """Tell whether the server runs."""
        return self.pid is not None

    def start_again(self) -> None:
        """Restart a server that ended by itself; raise `StandInFailed` when it does not answer."""
        self.stop()
        self.start()

    def stop(self, *, seconds: float = 10) -> None:
        """Stop the server within ``seconds`` (plus at most 4 s when it has to be forced), and release the folder."""
        self._stop_server(seconds=seconds)
        self._leave_folder()

    def _stop_server(self, *, seconds: float) -> None:
        postmaster, self._postmaster = self._postmaster, None
        if postmaster is not None:
            postmaster.stop(seconds=seconds)

    def _leave_folder(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def _serve(self, *, deadline: float) -> None:
        account = server_account(self._data)
        programs = server_programs(account)
        adopted = self._adopted(deadline)
        if adopted is None:
            self._check_port()
        if not self._data.exists():
            make_data_folder(
                self._data, account=account, programs=programs, owner=self.address, durable=self._durable
            )
        check_version(self._data)
        self._postmaster = adopted or self._launch(account, programs)
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise StandInFailed("it did not answer in time")
            if not self._postmaster.is_alive():
                self._postmaster = self._launch_again(account, programs)
            time.sleep(POLL_SECONDS)
        self._create_database()

    def _adopted(self, deadline: float) -> Postmaster | None:
        """Return the server that a killed process left on the wanted port; stop one that listens on another port."""
        left = find_postmaster(self._data)
        if left is None:
            return None
        while left.is_alive() and time.monotonic() < deadline:
            found = read_pid_file(self._data)
            if found is not None and found.port is not None:
                break
            time.sleep(POLL_SECONDS)
        found = read_pid_file(self._data)
        if left.is_alive() and found is not None and found.port == self.address.port:
            return left
        left.stop(seconds=10)
        return None

    def _launch(self, account: Account, programs: Path) -> Postmaster:
        settings = {
            **SERVER_SETTINGS,
            "port": str(self.address.port),
            **({} if self._durable else NOT_DURABLE),
        }
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("wb") as log:
            child = subprocess.Popen(
                [
                    str(programs / "postgres"),
                    *("-D", folder_argument(self._data)),
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                cwd=self._data,
                env=CHILD_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,
                start_new_session=True,  # Ctrl-C reaches only Platz, which stops the server last
                user=account.user,
                group=account.group,
                extra_groups=account.extra_groups,
            )
        return Postmaster(child.pid, child)

    def _launch_again(self, account: Account, programs: Path) -> Postmaster:
        """Start a server again that ended because its predecessor was still ending; otherwise raise its log's text."""
        said = self._log.read_text(errors="replace")
        if STILL_ENDING not in said:
            raise StandInFailed(said)
        time.sleep(10 * POLL_SECONDS)
        return self._launch(account, programs)

    def _is_ready(self) -> bool:
        found = read_pid_file(self._data)
        return found is not None and found.ready and self.pid == found.pid

    def _create_database(self) -> None:
        server = connection_parameters(
            replace(self.address, database="postgres"), application_name="platz", connect_timeout=5
        )
        try:
            with psycopg.connect(make_conninfo(**server), autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [LOCAL.database])
                if known.fetchone() is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(LOCAL.database)))
        except psycopg.Error as error:
            raise StandInFailed(str(error)) from error

    def _check_port(self) -> None:
        """Raise OSError when the port is taken, before anything is made."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((self.address.host, self.address.port))

    def _in_a_sentence(self, words: str) -> StandInFailed:
        known = (sentence for pattern, sentence in SENTENCES if pattern in words)
        lines = [line for line in words.strip().splitlines() if line]
        fatal = next((line for line in lines if "FATAL" in line), lines[-1] if lines else "it said nothing")
        reason = next(known, fatal).format(folder=self._folder, port=self.address.port)
        return StandInFailed(f"The embedded PostgreSQL did not start: {reason.rstrip('.')}.")


def _lock_folder(folder: Path) -> BinaryIO:
    """Make this process the only owner of ``folder``; raise `StandInFailed` when another process is."""
    try:
        return lock_file(folder / "owner")
    except LockHeld as error:
        raise StandInFailed(
            f"the process {error.process} of another Platz uses the folder {folder}"
        ) from error
