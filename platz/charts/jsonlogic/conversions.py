"""JsonLogic's conversions of values to booleans, texts and numbers.

Invariant: the functions never raise; a conversion that fails gives None.

Source: docs/contract/chart-extensions.md, "Conversions of values".
"""

from __future__ import annotations

import re

from platz.charts.reading.json_text import number_text
from platz.json import JsonValue

WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)
"""Unicode's White_Space characters; Python's ``strip`` also takes four control characters."""

_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE
)
_NUMBER_PREFIX = re.compile(r"[+\-0-9eE]*(?:\.[+\-0-9eE]*)?", re.ASCII)


def truthy(value: JsonValue) -> bool:
    """Tell whether a value counts as true: all but false, null, 0, the empty text and the empty list do."""
    return isinstance(value, dict) or bool(value)


def text_of(value: JsonValue) -> str:
    """Write a value as text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case str():
            return value
        case list():
            return ",".join(map(text_of, value))
        case dict():
            return "[object Object]"


def number_of(value: JsonValue) -> float | None:
    """Convert a value to a number; return None if that fails."""
    match value:
        case None:
            return 0.0
        case int() | float():  # booleans among them
            return _float(value)
        case str():
            return number_from_text(value)
        case list():
            return _number_of_list(value)
        case dict():
            return None


def number_from_text(text: str) -> float | None:
    """Convert a whole text to a number: empty text is 0, and white space around it is ignored."""
    trimmed = text.strip(WHITE_SPACE)
    return _complete_float(trimmed) if trimmed else 0.0


def prefix_number(value: JsonValue) -> float | None:
    """Read a number, or one at the beginning of a text: ``"12px"`` gives 12; return None if there is none."""
    match value:
        case bool():
            return None
        case int() | float():
            return _float(value)
        case str():
            prefix = _NUMBER_PREFIX.match(value.strip(WHITE_SPACE))
            return _complete_float(prefix[0]) if prefix else None
        case _:
            return None


def _number_of_list(values: list[JsonValue]) -> float | None:
    match values:
        case []:
            return 0.0
        case [bool()]:
            return None
        case [(int() | float() | str() | None | list()) as only]:
            return number_of(only)
        case _:
            return None


def _complete_float(text: str) -> float | None:
    return float(text) if _FLOAT.fullmatch(text) else None


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
