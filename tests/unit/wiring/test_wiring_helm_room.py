"""Helm gets what the limit of memory has room for, and what the settings say."""

from __future__ import annotations

import pytest

from platz.config import Settings
from platz.wiring.helm_room import MIB, OWN_MIB, helm_room


def room(limit_mib: int | None, **settings: int) -> tuple[int, int]:
    found = helm_room(Settings.model_validate(settings), None if limit_mib is None else limit_mib * MIB)
    return found.parallel, found.memory_bytes // MIB


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, (8, 1024)),
        (64 * 1024, (8, 1024)),
        (4 * 1024, (8, 480)),
        (1024, (2, 384)),
        (512, (1, 384)),
        (128, (1, 384)),
    ],
)
def test_without_settings_the_limit_decides(limit: int | None, expected: tuple[int, int]) -> None:
    assert room(limit) == expected


@pytest.mark.parametrize("limit", [1024, 2048, 3000, 4096, 8192])
def test_all_runs_together_fit_beside_the_process(limit: int) -> None:
    parallel, memory = room(limit)
    assert parallel * memory <= limit - OWN_MIB


def test_a_setting_that_is_given_counts() -> None:
    assert room(1024, PLATZ_TASKS_PER_PROCESS=1) == (1, 768)
    assert room(1024, PLATZ_HELM_MEMORY_MIB=600) == (1, 600)
    assert room(1024, PLATZ_HELM_MEMORY_MIB=128) == (6, 128)
    assert room(1024, PLATZ_TASKS_PER_PROCESS=6, PLATZ_HELM_MEMORY_MIB=500) == (6, 500)
    assert room(None, PLATZ_TASKS_PER_PROCESS=3) == (3, 1024)
    assert room(None, PLATZ_HELM_MEMORY_MIB=4096) == (8, 4096)
