"""The two formats of timestamps in chart values.

Invariant: timestamps are in UTC, with a fraction of 0, 3 or 6 digits, as few as needed.

Source: docs/contract/chart-extensions.md, "Collection items".
"""

from __future__ import annotations

from datetime import UTC, datetime


def property_text(moment: datetime) -> str:
    """Write a timestamp as a collection property: ``2024-02-03 04:05:06.120 UTC`` (not RFC 3339)."""
    return f"{_clock(moment, separator=' ')} UTC"


def rfc3339_text(moment: datetime) -> str:
    """Write a timestamp in RFC 3339 with ``Z``, as in the cluster row of the values.

    Source: docs/contract/workers.md, "Base document".
    """
    return f"{_clock(moment, separator='T')}Z"


def _clock(moment: datetime, *, separator: str) -> str:
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}" if utc.microsecond else ""
    short = fraction.removesuffix("000") if fraction else ""
    return utc.strftime(f"%Y-%m-%d{separator}%H:%M:%S").rjust(19, "0") + short
