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

from platz.sandbox.process import StandInProcess

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


def _process(folder: Path, *extra: str) -> StandInProcess:
    return StandInProcess(
        name="chart registry",
        module="platz.sandbox.registry",
        arguments=["--port", "0", "--data", str(folder / "data"), *extra],
        log=folder / "log",
    )
