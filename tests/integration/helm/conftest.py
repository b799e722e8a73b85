"""A chart registry, and packaged charts made for one test."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from executables import Executables
from simulated_clusters import east, namespace, simulated

from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz_sandbox.stand_in_process import StandInProcess

__all__ = ["east", "namespace", "simulated"]

MakeChart = Callable[..., Path]
StartEngine = Callable[[str], HelmProcesses]


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("registry")
    process = StandInProcess(
        name="registry",
        module="platz_sandbox.registry",
        arguments=["--port", "0", "--data", str(folder / "data"), "--no-demo-charts"],
        log=folder / "log",
    )
    process.start()
    yield process.wait_until_ready(seconds=20)["url"]
    process.stop(seconds=5)


@pytest.fixture
def make_chart(tmp_path: Path) -> MakeChart:
    """Package a chart from template texts; return the archive's path."""

    def make(
        name: str = "shop",
        version: str = "1.0.0",
        values: str = "",
        templates: Mapping[str, str] | None = None,
    ) -> Path:
        files = {
            "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
            "values.yaml": values,
            **{f"templates/{file}": text for file, text in (templates or {}).items()},
        }
        path = tmp_path / f"{name}-{version}.tgz"
        with tarfile.open(path, "w:gz") as archive:
            for file, text in files.items():
                content = text.encode()
                entry = tarfile.TarInfo(f"{name}/{file}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return make


@pytest.fixture(scope="session")
def start_engine(tmp_path_factory: pytest.TempPathFactory, executables: Executables) -> Iterator[StartEngine]:
    """Give the Helm children of an engine (`sdk`, `helm 3`, `helm 4`); each is started once."""
    started: dict[str, HelmProcesses] = {}

    def start(name: str) -> HelmProcesses:
        if name not in started:
            folder = tmp_path_factory.mktemp("helm")
            setup = HelmSetup(
                folder=folder, environment=os.environ, executable=_executable(name, executables)
            )
            started[name] = HelmProcesses(setup, HelmLimits())
            started[name].start()
        return started[name]

    yield start
    for processes in started.values():
        processes.close()


def _executable(name: str, executables: Executables) -> Path | None:
    match name:
        case "helm 3":
            return executables.helm3
        case "helm 4":
            return executables.helm4
        case _:
            return None


@pytest.fixture(scope="session", params=["sdk", "helm 4", "helm 3"])
def engine(request: pytest.FixtureRequest, start_engine: StartEngine) -> HelmProcesses:
    """Helm children with each engine in turn."""
    return start_engine(request.param)
