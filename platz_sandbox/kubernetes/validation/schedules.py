"""The schedule of a CronJob: five fields, or a word such as `@hourly`.

Invariant: a schedule is refused with the sentence of a real server, which reads it with the same grammar.
Source: Kubernetes "CronJob" (schedule syntax); robfig/cron's standard parser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_WORDS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_DURATION = re.compile(r"([+-]?\d+(\.\d+)?(ns|us|ms|s|m|h))+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The numbers that a field may have, and the names that stand for some."""

    least: int
    most: int
    names: Mapping[str, int] = field(default_factory=dict[str, int])


_FIELDS = (
    Bounds(least=0, most=59),
    Bounds(least=0, most=23),
    Bounds(least=1, most=31),
    Bounds(least=1, most=12, names={name: place for place, name in enumerate(_MONTHS, start=1)}),
    Bounds(least=0, most=6, names={name: place for place, name in enumerate(_DAYS)}),
)


class BadSchedule(Exception):
    """A schedule can't be read; the text says why."""


def check_schedule(text: str) -> None:
    """Raise `BadSchedule` with the first thing that is wrong."""
    if text.startswith("@"):
        _check_word(text)
        return
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise BadSchedule(f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{' '.join(parts)}]")
    for part, bounds in zip(parts, _FIELDS, strict=True):
        for expression in part.split(","):
            _check_range(expression, bounds)


def _check_word(text: str) -> None:
    if text.startswith("@every "):
        duration = text.removeprefix("@every ")
        if not _DURATION.fullmatch(duration):
            raise BadSchedule(f"failed to parse duration {text}: time: invalid duration {_quoted(duration)}")
    elif text not in _WORDS:
        raise BadSchedule(f"unrecognized descriptor: {text}")


def _check_range(expression: str, bounds: Bounds) -> None:
    span, *steps = expression.split("/")
    ends = span.split("-")
    if len(steps) > 1:
        raise BadSchedule(f"too many slashes: {expression}")
    if len(ends) > 2:
        raise BadSchedule(f"too many hyphens: {expression}")
    if ends[0] in {"*", "?"}:
        start, end = bounds.least, bounds.most
    else:
        start = _number(ends[0], bounds)
        end = _number(ends[1], bounds) if len(ends) > 1 else bounds.most if steps else start
    step = _number(steps[0], Bounds(least=0, most=0)) if steps else 1
    if start < bounds.least:
        raise BadSchedule(f"beginning of range ({start}) below minimum ({bounds.least}): {expression}")
    if end > bounds.most:
        raise BadSchedule(f"end of range ({end}) above maximum ({bounds.most}): {expression}")
    if start > end:
        raise BadSchedule(f"beginning of range ({start}) beyond end of range ({end}): {expression}")
    if step == 0:
        raise BadSchedule(f"step of range should be a positive number: {expression}")


def _number(text: str, bounds: Bounds) -> int:
    named = bounds.names.get(text.lower())
    if named is not None:
        return named
    if not re.fullmatch(r"[+-]?\d+", text):
        told = f"strconv.Atoi: parsing {_quoted(text)}: invalid syntax"
        raise BadSchedule(f"failed to parse int from {text}: {told}")
    if text.startswith("-"):
        raise BadSchedule(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _quoted(text: str) -> str:
    return f'"{text}"'
