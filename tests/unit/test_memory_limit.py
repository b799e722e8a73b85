"""The limit of memory is that of the nearest control group that has one, in either version of control groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from platz.memory_limit import memory_limit

GIB = 1024**3


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        ("0::/", {"memory.max": "1073741824"}, GIB),
        ("0::/", {"memory.max": "max"}, None),
        ("0::/", {}, None),
        ("0::/a/b", {"a/memory.max": "1073741824", "a/b/memory.max": "max"}, GIB),
        ("0::/a/b", {"a/memory.max": "4294967296", "a/b/memory.max": "1073741824"}, GIB),
        ("0::/not/mounted/here", {"memory.max": "1073741824"}, GIB),
        ("4:memory:/docker/x\n0::/", {"memory/memory.limit_in_bytes": "1073741824"}, GIB),
        ("4:cpu,memory:/x", {"memory/x/memory.limit_in_bytes": "1073741824"}, GIB),
        ("4:memory:/", {"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("3:cpu:/a:b", {"memory.max": "1073741824"}, None),
    ],
)
def test_the_lowest_limit_around_the_process_counts(
    tmp_path: Path, groups: str, limits: Mapping[str, str], expected: int | None
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(groups + "\n")
    for name, limit in limits.items():
        file = tmp_path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(limit + "\n")
    assert memory_limit(tmp_path) == expected


def test_a_system_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) is None


def test_this_machine_can_be_asked() -> None:
    assert (memory_limit() or GIB) > 0
