"""Platz as users install it: a wheel in a virtual environment of its own, made without a network.

Invariant: besides Platz, an environment has only the distributions of its locks, so a distribution that a lock lacks
is missing here, too. They are links to the distributions in the environment that runs the tests.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from locks import locked
from repository import ROOT

SOURCES = ("platz", "platz_sandbox", "migrations", "config")
BUILD_FILES = ("pyproject.toml", "setup.cfg", "setup.py", "README.md", "LICENSE", "THIRD_PARTY_NOTICES.md")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy, so that the checkout stays clean and remains of earlier builds stay out."""
    copy = folder / "source"
    for source in SOURCES:
        shutil.copytree(ROOT / source, copy / source, ignore=shutil.ignore_patterns("__pycache__"))
    for file in BUILD_FILES:
        shutil.copy(ROOT / file, copy)
    _run(*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True, kw_only=True)
class InstalledPlatz:
    """A virtual environment with Platz in it."""

    folder: Path

    @classmethod
    def make(cls, wheel: Path, *, locks: Sequence[str], folder: Path) -> InstalledPlatz:
        """Make an environment with the wheel and the distributions of ``locks``."""
        venv.create(folder, symlinks=True)
        made = cls(folder=folder)
        for lock in locks:
            for name in locked(lock):
                made.borrow(name)
        _run(*PIP, "--python", made.python, "install", "--no-index", "--no-deps", wheel)
        return made

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        """The path of the script `platz`."""
        return self.folder / "bin" / "platz"

    def borrow(self, name: str) -> None:
        """Link the files and folders that a distribution installed at the top of `site-packages`."""
        owner = distribution(name)
        (packages,) = self.folder.glob("lib/python*/site-packages")
        for top in {file.parts[0] for file in owner.files or ()} - {"..", "__pycache__"}:
            link = packages / top
            if not link.exists():
                link.symlink_to(str(owner.locate_file(top)))


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
