"""JsonLogic's equality and order comparisons.

Invariant: ``>`` is the negation of ``<=``, and ``>=`` that of ``<``, so both are true for values that can't be
compared. Conditions of existing charts depend on it.

Source: docs/contract/chart-extensions.md, "Comparisons in conditions".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from platz.charts.jsonlogic.conversions import number_from_text, number_of, text_of
from platz.json import JsonValue

_UNSIGNED = re.compile(r"\+?[0-9]+", re.ASCII)
_SEPARATORS = re.compile(r"[.-]")


def strictly_equal(left: JsonValue, right: JsonValue) -> bool:
    """``===``: same type and value. 1 equals 1.0 (unlike in `json_equal`); lists and objects never equal anything."""
    if _kind(left) != _kind(right) or isinstance(left, list | dict):
        return False
    return left == right


def loosely_equal(left: JsonValue, right: JsonValue) -> bool:
    """``==``: equality after conversions between numbers, texts, booleans and lists."""
    if _kind(left) == _kind(right):
        return strictly_equal(left, right)
    if left is None or right is None:
        return False
    if isinstance(left, bool) or isinstance(right, bool):
        return loosely_equal(_unboolean(left), _unboolean(right))
    if isinstance(left, dict) or isinstance(right, dict):
        return False
    if isinstance(left, list) or isinstance(right, list):
        return loosely_equal(_unlisted(left), _unlisted(right))
    number, text = (right, left) if isinstance(left, str) else (left, right)
    return isinstance(text, str) and number_of(number) == _not_nan(number_from_text(text))


def less(left: JsonValue, right: JsonValue) -> bool:
    """``<``: orders texts by code points, other values as numbers; false for values that can't be compared."""
    match left, right:
        case None, None:
            return False
        case bool(), bool():
            return not left and right
        case (int() | float(), int() | float()):
            return left < right  # not as floats: integers beyond 2^53 stay exact, as in the equalities
        case (dict(), _) | (_, dict()):
            return False
        case (str(), str()) | (list(), list()) | (list(), str()) | (str(), list()):
            return text_of(left) < text_of(right)
        case _:
            smaller, larger = number_of(left), number_of(right)
            return smaller is not None and larger is not None and smaller < larger


def less_or_equal(left: JsonValue, right: JsonValue) -> bool:
    """``<=``: less or loosely equal."""
    return less(left, right) or loosely_equal(left, right)


def greater(left: JsonValue, right: JsonValue) -> bool:
    """``>``: the negation of ``<=``."""
    return not less_or_equal(left, right)


def greater_or_equal(left: JsonValue, right: JsonValue) -> bool:
    """``>=``: the negation of ``<``."""
    return not less(left, right)


def _version_order(left: str, right: str) -> int:
    """Compare versions component by component; return -1, 0 or 1."""
    lefts, rights = _SEPARATORS.split(left), _SEPARATORS.split(right)
    for one, other in zip(lefts, rights, strict=False):
        numbers = _unsigned(one), _unsigned(other)
        keys = (one, other) if None in numbers else numbers
        if keys[0] != keys[1]:
            return -1 if keys < keys[::-1] else 1
    return (len(lefts) > len(rights)) - (len(lefts) < len(rights))


VERSION_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "jp_ver_eq": lambda left, right: _version_order(left, right) == 0,
    "jp_ver_gt": lambda left, right: _version_order(left, right) > 0,
    "jp_ver_ge": lambda left, right: _version_order(left, right) >= 0,
    "jp_ver_lt": lambda left, right: _version_order(left, right) < 0,
    "jp_ver_le": lambda left, right: _version_order(left, right) <= 0,
}


def _kind(value: JsonValue) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _unboolean(value: JsonValue) -> JsonValue:
    return int(value) if isinstance(value, bool) else value


def _unlisted(value: JsonValue) -> JsonValue:
    return text_of(value) if isinstance(value, list) else value


def _not_nan(number: float | None) -> float | None:
    return None if number is None or number != number else number  # noqa: PLR0124


def _unsigned(text: str) -> int | None:
    """Read an unsigned 32-bit integer; return None for other text."""
    if not _UNSIGNED.fullmatch(text) or len(text.lstrip("+0")) > 10:
        return None
    number = int(text)
    return number if number < 2**32 else None
