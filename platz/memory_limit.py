"""The memory that this process may use, as the control groups of the kernel limit it.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html, "memory.max", and cgroup-v1/memory.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path("/")
_UNLIMITED = 1 << 60
"""Version 1 tells "no limit" by the greatest number that it knows, rounded to pages."""


def memory_limit(root: Path = ROOT) -> int | None:
    """Return the lowest limit in bytes of all control groups around this process, None if there is none.

    ``root`` is the folder in which `proc` and `sys` are mounted.
    """
    limits = [limit for file in _limit_files(root) if (limit := _limit_in(file)) is not None]
    return min(limits, default=None)


def _limit_files(root: Path) -> Iterator[Path]:
    groups = root / "sys/fs/cgroup"
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _number, controllers, path = line.split(":", 2)
            own = Path(path.lstrip("/"))
            if controllers == "":
                yield from (groups / group / "memory.max" for group in (own, *own.parents))
            elif "memory" in controllers.split(","):
                folder = groups / "memory"
                yield from (folder / group / "memory.limit_in_bytes" for group in (own, *own.parents))


def _limit_in(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:  # of a group that is not mounted here
        return None
    return int(text) if text.isdecimal() and int(text) < _UNLIMITED else None
