"""The Dockerfile as a list of instructions, and its build stage carried out in a folder, without a container engine.

Invariant: nothing is downloaded. What `pip install --require-hashes` would install from a lock is linked from the
environment that runs the tests, as for an installed wheel.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from acceptance.installed_platz import InstalledPlatz
from repository import ROOT

STAGE_FOLDERS = ("/opt", "/build")
_FROM_LOCK = re.compile(r"/opt/(\w+)/bin/pip install .*--require-hashes.* -r (\S+)$")
_LOCKED = re.compile(r"^([a-z0-9.-]+)==", re.MULTILINE)
SECONDS = 100


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction: its word in capitals, and the rest of its lines."""

    word: str
    rest: str


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage, its FROM first."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found: list[list[Instruction]] = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word:
            found[-1].append(Instruction(word=word, rest=rest))
    return found


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return what ENV sets."""
    words = [word for each in stage if each.word == "ENV" for word in each.rest.split()]
    return dict(word.split("=", 1) for word in words)


def is_sent(path: str) -> bool:
    """Return whether `.dockerignore` lets a path at the top of the checkout through."""
    lines = (ROOT / ".dockerignore").read_text().split()
    sent = True
    for line in lines:
        if fnmatch(path, line.removeprefix("!")):
            sent = line.startswith("!")
    return sent


class BuildStage:
    """The build stage, in a folder that stands for the root of the image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder

    def carry_out(self) -> None:
        """Carry out every instruction; the first that fails fails the test."""
        for each in stages()[0]:
            match each.word:
                case "WORKDIR":
                    self.work = self._place(each.rest)
                    self.work.mkdir(parents=True)
                case "COPY":
                    self._copy(*each.rest.split())
                case "RUN":
                    self._run(each.rest)
                case _:
                    assert each.word == "FROM"

    def _place(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            assert is_sent(source), source
            place = self.work / target
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, place, ignore=ignored)
            else:
                shutil.copy(ROOT / source, place)

    def _run(self, command: str) -> None:
        if found := _FROM_LOCK.search(command):
            environment = InstalledPlatz(folder=self.folder / "opt" / found[1])
            for name in _LOCKED.findall((self.work / found[2]).read_text()):
                _remove(environment, name)
                environment.borrow(name)
            return
        for folder in STAGE_FOLDERS:
            command = command.replace(f" {folder}/", f" {self.folder}{folder}/")
            command = re.sub(rf"^{folder}/", f"{self.folder}{folder}/", command)
        path = f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self.work,
            env={"PATH": path, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _remove(environment: InstalledPlatz, name: str) -> None:
    """Remove a distribution that came with the environment, which pip would replace."""
    for packages in environment.folder.glob("lib/python*/site-packages"):
        for found in [*packages.glob(name), *packages.glob(f"{name}-*.dist-info")]:
            if not found.is_symlink():
                shutil.rmtree(found)
