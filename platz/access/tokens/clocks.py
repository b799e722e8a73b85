"""Differences between clocks, in the words of error messages."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("hours", 3600, 48), ("minutes", 60, 2), ("seconds", 1, 0))
"""Name, seconds, and how many of it there must be at least."""


def apart(difference: timedelta) -> str:
    """Return the size of a difference in one unit, such as `61 minutes`."""
    seconds = abs(difference.total_seconds())
    unit, size = next((unit, size) for unit, size, least in _UNITS if seconds >= size * least)
    return f"{round(seconds / size)} {unit}"
