"""A Helm process that hangs, dies, floods or is no longer wanted: its run ends in time, and nothing is left."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import eventually

from platz.errors import Retryable
from platz.helm.diagnosis import HelmKilled
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.process_pool import HelmJob, HelmLimits, HelmProcesses, HelmSetup

Scripted = Callable[..., HelmProcesses]

KUBECONFIG = {"users": [{"name": "user", "user": {"token": "very-secret-token"}}]}
FOREVER = '#!/bin/sh\nsleep 600 &\necho $! > "$HOME/started"\nwait\n'


class Background:
    """A Helm job that is finished on a thread of its own."""

    def __init__(self, processes: HelmProcesses, run: HelmRun, owner: str = "") -> None:
        self.job: HelmJob = processes.begin(run, kubeconfig=KUBECONFIG, owner=owner)  # type: ignore[arg-type]
        self.result: HelmOutcome | HelmKilled | None = None
        self._processes = processes
        self._thread = threading.Thread(target=self._finish)
        self._thread.start()

    def _finish(self) -> None:
        try:
            self.result = self._processes.finish(self.job)
        except HelmKilled as error:
            self.result = error

    def ended(self) -> HelmOutcome | HelmKilled | None:
        self._thread.join(timeout=10)
        return self.result


def run(processes: HelmProcesses, wanted: HelmRun) -> HelmOutcome:
    return processes.run(wanted, kubeconfig=KUBECONFIG)  # type: ignore[arg-type]


def grandchild(tmp_path: Path, number: int = 0) -> int:
    """Return the id of the process that the script `FOREVER` started."""
    file = tmp_path / f"folder-{number}" / "started"
    return int(eventually(lambda: file.exists() and file.read_text().strip()))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z")
    except OSError:
        return True


def test_killing_all_ends_every_run_with_all_that_it_started(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    processes = scripted(FOREVER)
    background = Background(processes, a_run)
    pid = grandchild(tmp_path)
    assert processes.kill_all() == 1
    assert isinstance(background.ended(), HelmKilled)
    eventually(lambda: is_gone(pid))
    assert processes._busy() == 0


def test_only_the_runs_of_the_lost_cluster_are_killed(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    script = '#!/bin/sh\ntouch "$HOME/started-$$"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.02; done\n'
    processes = scripted(script)
    elsewhere = dataclasses.replace(a_run, release="elsewhere")
    east, west = Background(processes, a_run, "east"), Background(processes, elsewhere, "west")
    eventually(lambda: len(list((tmp_path / "folder-0").glob("started-*"))) == 2)
    assert processes.kill_owned_by("east") == 1
    assert isinstance(east.ended(), HelmKilled)
    (tmp_path / "folder-0" / "go").touch()
    outcome = west.ended()
    assert isinstance(outcome, HelmOutcome)
    assert outcome.ok


def test_a_run_that_waits_for_a_place_can_be_killed(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    processes = scripted(FOREVER, parallel=1)
    first = Background(processes, a_run, "east")
    grandchild(tmp_path)
    second = Background(processes, a_run, "west")
    assert processes.kill_owned_by("west") == 1
    assert isinstance(second.ended(), HelmKilled)
    assert first.result is None
    processes.kill_owned_by("east")
    assert isinstance(first.ended(), HelmKilled)


def test_no_more_children_run_than_are_allowed(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    script = (
        '#!/bin/sh\nmkdir -p "$HOME/now"; touch "$HOME/now/$$"; ls "$HOME/now" | wc -l >> "$HOME/counts"\n'
        'sleep 0.05; rm "$HOME/now/$$"\n'
    )
    processes = scripted(script, parallel=2)
    backgrounds = [
        Background(processes, dataclasses.replace(a_run, release=f"shop-{number}")) for number in range(6)
    ]
    assert all(isinstance(background.ended(), HelmOutcome) for background in backgrounds)
    counts = (tmp_path / "folder-0" / "counts").read_text().split()
    assert len(counts) == 6
    assert max(map(int, counts)) <= 2


def test_a_run_killed_before_it_began_does_not_start(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    processes = scripted('#!/bin/sh\ntouch "$HOME/started"\n')
    job = processes.begin(a_run, kubeconfig={})
    assert processes.kill_all() == 1
    with pytest.raises(HelmKilled):
        processes.finish(job)
    assert not (tmp_path / "folder-0" / "started").exists()


def test_a_run_that_hangs_is_ended_by_its_deadline(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    outcome = run(scripted(FOREVER), dataclasses.replace(a_run, timeout_seconds=1))
    assert outcome.output == "Helm did not finish within 1 s and was stopped."
    assert not outcome.ok
    eventually(lambda: is_gone(grandchild(tmp_path)))


def test_a_child_that_is_shot_leaves_a_readable_outcome(scripted: Scripted, a_run: HelmRun) -> None:
    outcome = run(scripted("#!/bin/sh\nkill -9 $PPID\n"), a_run)
    assert not outcome.ok
    assert "ended by the system (SIGKILL)" in outcome.output


def test_a_helm_that_outgrows_the_memory_limit_fails_alone(scripted: Scripted, a_run: HelmRun) -> None:
    script = f"#!{sys.executable}\nprint(len(b'a' * (1 << 30)))\n"
    outcome = run(scripted(script, memory_bytes=256 * 1024 * 1024), a_run)
    assert not outcome.ok
    assert "MemoryError" in outcome.log


def test_a_helm_that_cannot_be_started_is_told(tmp_path: Path, a_run: HelmRun) -> None:
    setup = HelmSetup(folder=tmp_path, environment={}, executable=tmp_path / "not-there")
    processes = HelmProcesses(setup, HelmLimits(warm=0))
    outcome = run(processes, a_run)
    assert not outcome.ok
    assert "not-there" in outcome.output


def test_a_folder_that_is_gone_can_be_tried_again_later(tmp_path: Path, a_run: HelmRun) -> None:
    processes = HelmProcesses(HelmSetup(folder=tmp_path / "gone", environment={}), HelmLimits(warm=0))
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(Retryable, match="cannot be started"):
        run(processes, a_run)
    assert processes._busy() == 0


def test_the_reason_is_helms_last_error_without_the_words_around_it(
    scripted: Scripted, a_run: HelmRun
) -> None:
    script = (
        "#!/bin/sh\necho 'level=DEBUG msg=token very-secret-token' >&2\n"
        "echo 'Error: UPGRADE FAILED: no such thing' >&2\necho 'second line' >&2\nexit 1\n"
    )
    outcome = run(scripted(script), a_run)
    assert outcome.output == "no such thing\nsecond line"
    assert outcome.log.splitlines()[0] == "level=DEBUG msg=token [secret]"


def test_a_flood_of_log_is_kept_short(scripted: Scripted, a_run: HelmRun) -> None:
    script = (
        f"#!{sys.executable}\nimport sys\nsys.stderr.write('line of the log\\n' * 2_000_000)\nsys.exit(1)\n"
    )
    outcome = run(scripted(script), a_run)
    assert not outcome.ok
    assert len(outcome.log) < 400_000


def test_helm_sees_nothing_of_platzs_environment(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": "postgres://secret",
        "OIDC_CLIENT_SECRET": "secret",
        "https_proxy": "http://proxy",
    }
    processes = scripted('#!/bin/sh\nenv > "$HOME/env"\n', environment=environment)
    assert run(processes, a_run).ok
    seen = (tmp_path / "folder-0" / "env").read_text()
    assert "secret" not in seen
    assert "https_proxy=http://proxy" in seen
    assert f"HOME={tmp_path / 'folder-0'}" in seen


def test_values_and_credentials_are_in_no_argument_list(
    scripted: Scripted, a_run: HelmRun, tmp_path: Path
) -> None:
    script = (
        '#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/arguments"\n'
        'for last; do :; done; cp "$last" "$HOME/kubeconfig"; stat -Lc %a "$last" > "$HOME/mode"\n'
        'while [ $# -gt 0 ]; do [ "$1" = -f ] && cat "$2" >> "$HOME/values"; shift; done\n'
        "echo '{\"version\": 1}'\n"
    )
    processes = scripted(script)
    wanted = dataclasses.replace(
        a_run,
        action=HelmAction.INSTALL,
        chart_archive=Path("/charts/shop.tgz"),
        values={"password": "hunter2" * 100_000},
        values_override={"more": "hunter3"},
    )
    assert run(processes, wanted).ok
    folder = tmp_path / "folder-0"
    assert "hunter" not in (folder / "arguments").read_text()
    assert "very-secret-token" not in (folder / "arguments").read_text()
    assert "very-secret-token" in (folder / "kubeconfig").read_text()
    assert (folder / "mode").read_text().strip() == "600"
    assert (folder / "values").read_text().count("hunter") == 100_001


def test_a_spare_that_died_is_replaced(scripted: Scripted, a_run: HelmRun) -> None:
    processes = scripted("#!/bin/sh\nexit 0\n", warm=1)
    processes.start()
    [spare] = processes._spares
    os.killpg(spare._process.pid, signal.SIGKILL)
    eventually(lambda: not spare.is_alive())
    assert run(processes, a_run).ok


def test_nothing_is_left_behind_by_many_runs(scripted: Scripted, a_run: HelmRun) -> None:
    processes = scripted("#!/bin/sh\nexit 0\n")
    run(processes, a_run)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        run(processes, a_run)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_closing_ends_runs_and_spares(scripted: Scripted, a_run: HelmRun, tmp_path: Path) -> None:
    processes = scripted(FOREVER, warm=2)
    processes.start()
    background = Background(processes, a_run)
    pid = grandchild(tmp_path)
    spares = [spare._process.pid for spare in processes._spares]
    processes.close()
    assert isinstance(background.ended(), HelmKilled)
    eventually(lambda: all(is_gone(each) for each in [pid, *spares]))
    with pytest.raises(HelmKilled):
        run(processes, a_run)


def test_children_die_with_a_parent_that_is_shot(tmp_path: Path) -> None:
    (tmp_path / "helm").write_text(FOREVER)
    (tmp_path / "helm").chmod(0o755)
    program = (
        "import os, sys, pathlib\n"
        "from platz.helm.process_pool import *\n"
        "from platz.helm.engine import *\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "setup = HelmSetup(folder=folder, environment=dict(os.environ), executable=folder / 'helm')\n"
        "run = HelmRun(action=HelmAction.UNINSTALL, release='a', namespace='a', timeout_seconds=600)\n"
        "processes = HelmProcesses(setup, HelmLimits(warm=1))\n"
        "processes.start()\n"
        "print(processes._spares[0]._process.pid, flush=True)\n"
        "processes.run(run, kubeconfig={})\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert parent.stdout is not None
    spare = int(parent.stdout.readline())
    file = tmp_path / "started"
    pid = int(eventually(lambda: file.exists() and file.read_text().strip()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: is_gone(pid) and is_gone(spare))
