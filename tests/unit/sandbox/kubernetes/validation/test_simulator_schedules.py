"""Schedules of CronJobs: what is read, and what is said of what is not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.validation.schedules import BadSchedule, check_schedule

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/5 0-6 1,15 JAN-dec MON-fri",
        "0 0 ? * 0",
        "@hourly",
        "@every 1h30m",
        "5/10 * * * *",
        "@yearly",
    ],
)
def test_what_is_read(schedule: str) -> None:
    check_schedule(schedule)


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("sometimes", "expected exactly 5 fields, found 1: [sometimes]"),
        ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("9-3 * * * *", "beginning of range (9) beyond end of range (3): 9-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'),
    ],
)
def test_what_is_refused(schedule: str, told: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        check_schedule(schedule)

    assert str(refused.value) == told


@given(st.tuples(*(st.integers(least, most) for least, most in FIELDS)))
def test_every_moment_is_a_schedule(moment: tuple[int, ...]) -> None:
    check_schedule(" ".join(str(number) for number in moment))


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadSchedule):  # any other error fails
        check_schedule(text)
