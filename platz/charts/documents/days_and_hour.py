"""The value of a DaysAndHour input.

Source: docs/contract/chart-extensions.md, "Input types and their values".
"""

from __future__ import annotations

import re

from platz.json import JsonValue

_RUN_DAYS = re.compile(r"([0-6](,[0-6])*)?")
_SCHEDULE = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def is_days_and_hour(value: JsonValue) -> bool:
    """Tell whether the value has days from 0 (Sunday) to 6, possibly none, and an hour in UTC."""
    match value:
        case {"run_days": str(days), "schedule": str(schedule)}:
            return bool(_RUN_DAYS.fullmatch(days) and _SCHEDULE.fullmatch(schedule))
        case _:
            return False
