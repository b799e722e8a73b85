"""A Helm child whose owner has lost the right to run it ends in time, whatever state owner and child are in."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import eventually

from platz import boot_clock
from platz.errors import Conflict, PlatzError
from platz.helm.diagnosis import HelmKilled
from platz.helm.engine import HelmOutcome, HelmRun
from platz.helm.process_pool import HelmProcesses

Scripted = Callable[..., HelmProcesses]
FOREVER = '#!/bin/sh\necho $$ > "$HOME/started"\nexec sleep 600\n'
PARENT = """
import os, pathlib, sys
from platz import boot_clock
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
folder = pathlib.Path(sys.argv[1])
setup = HelmSetup(folder=folder, environment=dict(os.environ), executable=folder / "helm")
run = HelmRun(action=HelmAction.UNINSTALL, release="a", namespace="a", timeout_seconds=600)
HelmProcesses(setup, HelmLimits(warm=0)).run(run, kubeconfig={}, confirm=lambda: boot_clock.now() + 3)
"""


class Running:
    """A run on a thread of its own."""

    def __init__(
        self,
        processes: HelmProcesses,
        run: HelmRun,
        confirm: Callable[[], float | None],
        owner: str = "",
        co_owners: Sequence[str] = (),
    ) -> None:
        self.result: HelmOutcome | PlatzError | None = None
        self._job = processes.begin(run, kubeconfig={}, owner=owner, co_owners=co_owners, confirm=confirm)
        self._processes = processes
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._processes.finish(self._job)
        except PlatzError as error:
            self.result = error

    def ended(self) -> HelmOutcome | PlatzError | None:
        self._thread.join(timeout=20)
        return self.result


def helm_of(folder: Path) -> int:
    """Return the id of the process that runs in the place of Helm."""
    return int(eventually(lambda: (folder / "started").exists() and (folder / "started").read_text().strip()))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z")
    except OSError:
        return True


def test_a_run_ends_when_its_time_is_over_and_says_that_it_was_stopped(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    running = Running(scripted(FOREVER), a_run, lambda: boot_clock.now() + 2)
    helm = helm_of(tmp_path / "folder-0")
    assert isinstance(running.ended(), HelmKilled)
    eventually(lambda: is_gone(helm))


def test_a_run_whose_time_is_prolonged_goes_on(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    processes = scripted('#!/bin/sh\ntouch "$HOME/started"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.02; done\n')
    first_end = boot_clock.now() + 2
    running = Running(processes, a_run, lambda: first_end)
    eventually((tmp_path / "folder-0" / "started").exists)
    for _ in range(3):
        processes.prolong(boot_clock.now() + 30)
    eventually(lambda: boot_clock.now() > first_end + 0.5)
    (tmp_path / "folder-0" / "go").touch()
    outcome = running.ended()
    assert isinstance(outcome, HelmOutcome)
    assert outcome.ok


@contextmanager
def parent_of_helm(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process of its own that runs Helm for three seconds, and the id of what stands in for Helm."""
    (folder / "helm").write_text(FOREVER)
    (folder / "helm").chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], env=environment)
    try:
        yield parent, helm_of(folder)
    finally:
        parent.kill()
        parent.wait()


def test_helm_ends_in_time_when_its_parent_is_stopped(tmp_path: Path) -> None:
    with parent_of_helm(tmp_path) as (parent, helm):
        parent.send_signal(signal.SIGSTOP)
        eventually(lambda: is_gone(helm))


def test_the_kernel_ends_helm_in_time_even_when_the_whole_group_is_stopped(tmp_path: Path) -> None:
    with parent_of_helm(tmp_path) as (parent, helm):
        os.killpg(os.getpgid(helm), signal.SIGSTOP)
        parent.send_signal(signal.SIGSTOP)
        eventually(lambda: is_gone(helm))


def test_helm_ends_with_a_child_that_is_shot(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    running = Running(scripted(FOREVER), a_run, lambda: None)
    helm = helm_of(tmp_path / "folder-0")
    child = int(Path(f"/proc/{helm}/stat").read_text().rpartition(") ")[2].split()[1])
    os.kill(child, signal.SIGKILL)
    assert running.ended() is not None
    eventually(lambda: is_gone(helm))


def test_a_run_that_is_not_confirmed_does_not_begin(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    def refuse() -> float:
        raise Conflict("Somebody else has the lease.")

    processes = scripted(FOREVER)
    error = Running(processes, a_run, refuse).ended()
    assert isinstance(error, Conflict)
    assert not (tmp_path / "folder-0" / "started").exists()
    assert processes._busy() == 0


def test_a_run_that_is_confirmed_too_late_ends_at_once(scripted: Scripted, a_run: HelmRun) -> None:
    assert isinstance(Running(scripted(FOREVER), a_run, lambda: 1.0).ended(), HelmKilled)


def test_a_release_has_one_run_at_a_time(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    processes = scripted(FOREVER)
    first = Running(processes, a_run, lambda: None, "first")
    pid = helm_of(tmp_path / "folder-0")
    gone: list[bool] = []

    def look() -> None:
        gone.append(is_gone(pid))
        raise Conflict

    second = Running(processes, a_run, look, "second")
    other = Running(processes, dataclasses.replace(a_run, release="other"), look, "other")
    assert isinstance(other.ended(), Conflict)
    assert gone == [False], "another release does not wait"
    assert processes.end_owned_by("first")
    assert isinstance(first.ended(), HelmKilled)
    assert isinstance(second.ended(), Conflict)
    assert gone == [False, True]


@pytest.mark.parametrize("owner", ["claim", "task", "lease"])
def test_every_owner_can_end_a_run_and_knows_that_it_is_gone(
    owner: str, scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    processes = scripted(FOREVER)
    running = Running(processes, a_run, lambda: None, "claim", co_owners=("task", "lease"))
    pid = helm_of(tmp_path / "folder-0")
    assert processes.end_owned_by(owner)
    assert is_gone(pid)
    assert isinstance(running.ended(), HelmKilled)
