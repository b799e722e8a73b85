"""Helm gets what the limit of memory has room for, and what the settings say."""

from __future__ import annotations

import pytest

from platz.config import Settings
from platz.wiring.helm_room import MIB, OWN_MIB, HelmRoom, helm_room

WORKER = "clusters deploy track credentials"


def room_of(limit_mib: int | None, **settings: int | str) -> HelmRoom:
    return helm_room(Settings.model_validate(settings), None if limit_mib is None else limit_mib * MIB)


def room(limit_mib: int | None, **settings: int | str) -> tuple[int, int, int]:
    found = room_of(limit_mib, **settings)
    return found.tasks, found.previews, found.memory_bytes // MIB


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, (8, 2, 1024)),
        (64 * 1024, (8, 2, 1024)),
        (4 * 1024, (8, 2, 384)),
        (2 * 1024, (3, 1, 448)),
        (1536, (2, 1, 426)),
        (1024, (1, 1, 384)),
        (128, (1, 1, 384)),
    ],
)
def test_without_settings_the_limit_decides(limit: int | None, expected: tuple[int, int, int]) -> None:
    assert room(limit) == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, (8, 0, 1024)),
        (64 * 1024, (8, 0, 1024)),
        (4 * 1024, (8, 0, 480)),
        (1024, (2, 0, 384)),
        (512, (1, 0, 384)),
        (128, (1, 0, 384)),
    ],
)
def test_a_process_that_serves_no_api_keeps_no_room_for_previews(
    limit: int | None, expected: tuple[int, int, int]
) -> None:
    assert room(limit, PLATZ_ROLES=WORKER) == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, (0, 2, 1024)), (4 * 1024, (0, 2, 1024)), (1024, (0, 2, 384)), (512, (0, 1, 384))],
)
def test_a_process_that_runs_no_tasks_keeps_no_room_for_them(
    limit: int | None, expected: tuple[int, int, int]
) -> None:
    assert room(limit, PLATZ_ROLES="api") == expected


@pytest.mark.parametrize("roles", ["api deploy", "api", WORKER, "status"])
@pytest.mark.parametrize("limit", [1024, 1536, 2048, 3000, 4096, 8192])
def test_all_runs_together_fit_beside_the_process(limit: int, roles: str) -> None:
    found = room_of(limit, PLATZ_ROLES=roles)
    assert (found.tasks + found.previews) * found.memory_bytes <= (limit - OWN_MIB) * MIB


def test_a_setting_that_is_given_counts() -> None:
    assert room(1024, PLATZ_ROLES=WORKER, PLATZ_TASKS_PER_PROCESS=1) == (1, 0, 768)
    assert room(2048, PLATZ_TASKS_PER_PROCESS=1) == (1, 1, 896)
    assert room(1024, PLATZ_HELM_MEMORY_MIB=600) == (1, 1, 600)
    assert room(1024, PLATZ_HELM_MEMORY_MIB=128) == (5, 1, 128)
    assert room(1024, PLATZ_TASKS_PER_PROCESS=6, PLATZ_HELM_MEMORY_MIB=500) == (6, 1, 500)
    assert room(None, PLATZ_TASKS_PER_PROCESS=3) == (3, 2, 1024)
    assert room(None, PLATZ_HELM_MEMORY_MIB=4096) == (8, 2, 4096)
