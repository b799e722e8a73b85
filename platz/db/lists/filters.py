"""The kinds of list filters, as SQL conditions.

Invariant: a filter's SQL is a constant of Platz; a client's value is only ever a bound parameter. In the SQL,
``:value`` stands for that value, and ``item`` is the row that is tested.

Source: docs/contract/http-api.md, "Lists".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class ValueType(Enum):
    """The type of a filter's value."""

    TEXT = auto()
    FLAG = auto()
    ID = auto()
    MOMENT = auto()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter. ``condition`` is its SQL, and ``default`` the value when a request gives none.

    Without ``default``, the filter then does not apply; nor does it for the value ``inert`` (as in `in_use=false`).
    """

    value_type: ValueType
    condition: str
    meaning: str
    bind: Callable[[Any], Any] = lambda value: value  # Any: what the driver binds
    default: bool | None = None
    inert: bool | None = None


def equals(column: str, meaning: str = "Exactly this value.") -> Filter:
    """``eq`` for text: case-sensitive equality."""
    return Filter(value_type=ValueType.TEXT, condition=f"item.{column} = :value::text", meaning=meaning)


def equals_id(column: str) -> Filter:
    """``eq`` for ids."""
    return Filter(
        value_type=ValueType.ID, condition=f"item.{column} = :value::uuid", meaning="Exactly this id."
    )


def is_flag(column: str) -> Filter:
    """``eq`` for booleans."""
    return Filter(
        value_type=ValueType.FLAG, condition=f"item.{column} = :value::bool", meaning="`true` or `false`."
    )


def equals_any_case(column: str) -> Filter:
    """``ci``: equality in any letter case, without wildcards."""
    return Filter(
        value_type=ValueType.TEXT,
        condition=f"item.{column} ILIKE :value::text",
        meaning="This value in any letter case.",
        bind=without_wildcards,
    )


def contains(column: str) -> Filter:
    """``sub``: a part of the text in any letter case, without wildcards."""
    return Filter(
        value_type=ValueType.TEXT,
        condition=f"item.{column} ILIKE :value::text",
        meaning="Contains this text, in any letter case.",
        bind=lambda text: f"%{without_wildcards(text)}%",
    )


def since(column: str) -> Filter:
    """A point in time or later."""
    return Filter(
        value_type=ValueType.MOMENT,
        condition=f"item.{column} >= :value::timestamptz",
        meaning="At this moment or later.",
    )


def by_id(condition: str, meaning: str) -> Filter:
    """A special condition on an id."""
    return Filter(value_type=ValueType.ID, condition=condition, meaning=meaning)


def when(condition: str, meaning: str, *, default: bool | None = None, inert: bool | None = None) -> Filter:
    """A special condition on a boolean."""
    return Filter(
        value_type=ValueType.FLAG, condition=condition, meaning=meaning, default=default, inert=inert
    )


def without_wildcards(text: str) -> str:
    """Escape the special characters of LIKE, so that a text matches only itself."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text
