"""The tour of README.md works when it is pasted from top to bottom, whatever port Platz has."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.platz_process import PlatzProcess
from repository import ROOT

README = (ROOT / "README.md").read_text()
TOUR = README.partition("## A first deploy in five minutes")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TOUR, re.MULTILINE | re.DOTALL)
PROGRAMS = ("bash", "curl", "jq", "kubectl", "psql")
TOUR_SECONDS = 150


@pytest.fixture(params=["3100", "3000"])
def platz(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlatzProcess]:
    """A process that was started in a checkout with this port; the tour's terminal does not know it."""
    (tmp_path / "run.py").symlink_to(ROOT / "run.py")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    process = PlatzProcess(tmp_path, {"API_PORT": request.param, "PLATZ_DATA_DIR": str(tmp_path / ".platz")})
    process.spawn()
    yield process
    process.sweep()


def pasted(platz: PlatzProcess) -> subprocess.CompletedProcess[str]:
    """Paste every block into one shell, which stops at the first failure; only the database's port is another."""
    script = "\n".join(["set -euo pipefail", *BLOCKS]).replace("15432", platz.settings["PLATZ_POSTGRES_PORT"])
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = ["bash", "-xc", script]
    return subprocess.run(  # noqa: PLW1510 - the test looks at the status
        command, cwd=platz.folder, env=kept, capture_output=True, text=True, timeout=TOUR_SECONDS
    )


def test_the_tour_ends_without_a_failure_and_shows_what_it_promises(platz: PlatzProcess) -> None:
    tour = pasted(platz)
    assert tour.returncode == 0, tour.stdout[-3000:] + tour.stderr[-3000:]
    for shown in ("Visit it at https://webshop-blue.east", "false\nUninstalled"):
        assert shown in tour.stdout


def test_the_tour_has_blocks_for_every_step_and_names_the_programs_that_it_needs() -> None:
    assert len(BLOCKS) == 3
    text = "\n".join(BLOCKS)
    assert text.index("kubectl") < text.index("-X DELETE")
    assert text.index("psql") < text.index("-X DELETE")
    for program in PROGRAMS[1:]:
        assert f"`{program}`" in TOUR
