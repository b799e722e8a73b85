"""A chart registry, and packaged charts made for one test."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from platz.sandbox.process import StandInProcess

MakeChart = Callable[..., Path]


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("registry")
    process = StandInProcess(
        name="registry",
        module="platz.sandbox.registry",
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
