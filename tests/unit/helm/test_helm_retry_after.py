"""The header `Retry-After` in both of its forms (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from platz.helm.retry_after import MAX_SECONDS, seconds_to_wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        (" 5 ", 5),
        ("120", 120),
        ("999999999999999999999", MAX_SECONDS),
        ("-1", 0),
        ("1.5", 0),
        ("\u0665", 0),
        ("soon", 0),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_SECONDS),
        ("Fri, 31 Dec 2100 23:59:59", MAX_SECONDS),
    ],
)
def test_the_seconds_of_a_header(header: str | None, seconds: float) -> None:
    assert seconds_to_wait(header) == seconds


def test_a_date_is_a_time_from_now() -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < seconds_to_wait(header) <= 60
