"""Running registries and the Helm SDK in a process of its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from executables import Executables

from platz_sandbox.stand_in_process import StandInProcess

Start = Callable[..., str]


class HelmFailed(Exception):
    """What the SDK raised."""


class HelmSdk:
    """The SDK's calls."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("helm_sdk_child.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, name: str, /, **arguments: Any) -> Any:
        self.process.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise HelmFailed(answer["error"])
        return answer["answer"]

    def render(self, archive: bytes, values: dict[str, Any], *, name: str = "demo-one") -> dict[str, str]:
        return self.call("render", archive=base64.b64encode(archive).decode(), values=values, name=name)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


class Helm:
    """A `helm` executable with folders of its own."""

    def __init__(self, program: Path, home: Path) -> None:
        self._program = program
        self._environment = {f"HELM_{name}_HOME": str(home / name) for name in ("CACHE", "CONFIG", "DATA")}

    def run(self, *arguments: str, folder: Path) -> str:
        """Run it in ``folder`` and return what it says on both streams; fail when it fails."""
        ended = subprocess.run(
            [str(self._program), *arguments],
            cwd=folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout


@pytest.fixture(scope="session")
def helm_sdk() -> Iterator[HelmSdk]:
    """The Helm SDK."""
    sdk = HelmSdk()
    yield sdk
    sdk.close()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a registry with the demo charts, which all tests share: they push to names of their own."""
    folder = tmp_path_factory.mktemp("registry")
    process = _process(folder)
    process.start()
    yield process.wait_until_ready(seconds=20)["url"]
    process.stop(seconds=5)


@pytest.fixture
def http(registry: str) -> Iterator[httpx.Client]:
    """A client of that registry."""
    with httpx.Client(base_url=registry) as client:
        yield client


@pytest.fixture
def start_registry(tmp_path: Path) -> Iterator[Start]:
    """`start_registry(*arguments) -> url` with the test's folder as data; a second call stops the first one."""
    running: list[StandInProcess] = []

    def stop() -> None:
        for process in running:
            process.stop(seconds=5)
        running.clear()

    def start(*extra: str) -> str:
        stop()
        process = _process(tmp_path, *extra)
        running.append(process)
        process.start()
        return process.wait_until_ready(seconds=20)["url"]

    yield start
    stop()


@pytest.fixture(scope="session", params=["helm 3", "helm 4"])
def helm(
    request: pytest.FixtureRequest, executables: Executables, tmp_path_factory: pytest.TempPathFactory
) -> Helm:
    """The real `helm` executable; skipped where its wheel is not installed."""
    program = executables.helm3 if request.param == "helm 3" else executables.helm4
    return Helm(program, tmp_path_factory.mktemp("helm"))


def _process(folder: Path, *extra: str) -> StandInProcess:
    return StandInProcess(
        name="chart registry",
        module="platz_sandbox.registry",
        arguments=["--port", "0", "--data", str(folder / "data"), *extra],
        log=folder / "log",
    )
