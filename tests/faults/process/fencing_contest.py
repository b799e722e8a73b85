"""Two processes contend for one lease while everything is done to confuse them, and each run of Helm writes down when
it ran. By hand: `PYTHONPATH=.:tests .venv/bin/python tests/faults/process/fencing_contest.py 200` does 200 rounds.

Invariant to be shown: no two runs ever overlap. The times are about a sixth of the real ones.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from claims import new_claim
from database import free_port
from repository import ROOT
from waiting import eventually

from platz.db import task_queue
from platz.db.database import Database
from platz.db.migrations import migrate
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
from tests.integration.changes.world import World

BEATING = """#!/bin/sh
beat=0
while [ $beat -lt 100 ]; do
    cut -d' ' -f1 /proc/uptime >> "$HOME/run-$$"
    sleep 0.02
    beat=$((beat + 1))
done
"""
MAX_BEATS_BEFORE = 40
ROUND_SECONDS = 30.0
END_SESSION = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@dataclass(frozen=True, kw_only=True, order=True)
class Run:
    """A run of Helm, from its first to its last beat so far (seconds since the machine started)."""

    began: float
    ended: float
    contender: int
    beats: int


class Contest:
    """The database, the two contenders, and what they have done so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder / "postgres", free_port(), durable=False)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._command: list[str] = []
        self.faults: Mapping[str, Callable[[], None]] = {
            "end the session": self.end_session,
            "stop": self.stop_owner,
            "kill": self.kill_owner,
            "restart the database": self.restart_database,
        }

    def start(self) -> None:
        """Start the database with one task that is under way, and the contenders."""
        self._server.start()
        database = Database(self._server.address)
        migrate(database)
        world = World.build(database)
        world.create("contested")
        claim = new_claim(database)
        with database.transaction() as connection:
            assert task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=1)
        database.close()
        address = self._server.address
        self._command = [address.host, str(address.port), address.database, str(world.cluster)]
        self._processes = [self._spawn(number) for number in range(2)]

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._server.stop()

    def runs(self) -> list[Run]:
        """Return all runs so far, in the order of their beginning."""
        found: list[Run] = []
        for path in self._folder.glob("contender-*/run-*"):
            beats = [float(beat) for beat in path.read_text().split()]
            if beats:
                contender = int(path.parent.name.removeprefix("contender-"))
                found.append(Run(began=beats[0], ended=beats[-1], contender=contender, beats=len(beats)))
        return sorted(found)

    def overlaps(self) -> list[tuple[Run, Run]]:
        """Return every run that began before the one before it had ended, with that one."""
        runs = self.runs()
        return [(one, next_) for one, next_ in pairwise(runs) if next_.began < one.ended]

    def round(self, fault: Callable[[], None]) -> None:
        """Wait until a run is somewhere in its middle, let something happen, and wait until the work goes on."""
        middle = random.randint(1, MAX_BEATS_BEFORE)
        eventually(lambda: self._is_busy(middle), seconds=ROUND_SECONDS)
        fault()
        self._wait_for_run(lambda _run: True)

    def end_session(self) -> None:
        """End the session that has the lease's lock."""
        database = Database(self._server.address)
        with database.dedicated() as connection:
            connection.execute(END_SESSION)
        database.close()

    def restart_database(self) -> None:
        """Restart PostgreSQL."""
        self._server.stop()
        self._server.start()

    def kill_owner(self) -> None:
        """Kill the process that works, and start another in its place."""
        owner = self.owner()
        self._processes[owner].kill()
        self._processes[owner].wait()
        self._processes[owner] = self._spawn(owner)

    def stop_owner(self) -> None:
        """Stop the process that works until the other one works, then let it go on."""
        owner = self.owner()
        self._processes[owner].send_signal(signal.SIGSTOP)
        try:
            self._wait_for_run(lambda run: run.contender != owner)
        finally:
            self._processes[owner].send_signal(signal.SIGCONT)

    def owner(self) -> int:
        """Return the contender of the newest run."""
        return self.runs()[-1].contender

    def _is_busy(self, beats: int) -> bool:
        runs = self.runs()
        return bool(runs) and runs[-1].beats in range(beats, MAX_BEATS_BEFORE + 10)

    def _wait_for_run(self, wanted: Callable[[Run], bool]) -> None:
        before = len(self.runs())
        eventually(lambda: any(map(wanted, self.runs()[before:])), seconds=ROUND_SECONDS, every=0.05)

    def _spawn(self, number: int) -> subprocess.Popen[bytes]:
        folder = self._folder / f"contender-{number}"
        folder.mkdir(exist_ok=True)
        (folder / "helm").write_text(BEATING)
        (folder / "helm").chmod(0o755)
        program = Path(__file__).with_name("fencing_contender.py")
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, program, *self._command, folder],
                env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
                stderr=log,
            )


@contextmanager
def contest(folder: Path) -> Iterator[Contest]:
    """Provide a contest that has begun."""
    made = Contest(folder)
    try:
        made.start()
        yield made
    finally:
        made.close()


def main(rounds: int) -> None:
    """Do that many rounds with random faults, and print what was seen."""
    with tempfile.TemporaryDirectory() as folder, contest(Path(folder)) as made:
        for number in range(rounds):
            name, fault = random.choice(list(made.faults.items()))
            made.round(fault)
            sys.stdout.write(
                f"{number + 1}: {name}; {len(made.runs())} runs, {len(made.overlaps())} overlaps\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
