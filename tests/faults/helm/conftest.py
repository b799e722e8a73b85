"""Fixtures: Helm processes in which a script of the test's own takes the place of `helm`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from simulated_clusters import east, namespace, simulated

from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup

__all__ = ["east", "namespace", "simulated"]

Scripted = Callable[..., HelmProcesses]


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    """A function that starts processes which run a script (with its shebang) instead of Helm."""
    made: list[HelmProcesses] = []

    def scripted(
        script: str, *, environment: dict[str, str] | None = None, **limits: object
    ) -> HelmProcesses:
        executable = tmp_path / f"helm-{len(made)}"
        executable.write_text(script)
        executable.chmod(0o755)
        folder = tmp_path / f"folder-{len(made)}"
        folder.mkdir()
        setup = HelmSetup(
            folder=folder, environment={**os.environ, **(environment or {})}, executable=executable
        )
        processes = HelmProcesses(setup, HelmLimits(**{"warm": 0, "grace_seconds": 0.2, **limits}))  # type: ignore[arg-type]
        made.append(processes)
        return processes

    yield scripted
    for processes in made:
        processes.close()


@pytest.fixture
def a_run() -> HelmRun:
    return HelmRun(action=HelmAction.UNINSTALL, release="shop", namespace="shop", timeout_seconds=30)
