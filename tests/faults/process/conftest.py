"""Fixtures: Platz processes for tests that kill or damage them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance.platz_process import PlatzProcess


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    """An installation for the tests of a module, which start and kill its process."""
    process = PlatzProcess(tmp_path_factory.mktemp("victim"), {"PLATZ_STOP_TIMEOUT": "5s"})
    yield process
    process.sweep()


@pytest.fixture
def platz(victim: PlatzProcess) -> PlatzProcess:
    """The installation with a running process."""
    if not victim.is_alive():
        victim.start()
    return victim
