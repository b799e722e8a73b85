"""Lookup of a value in JsonLogic's data by a path.

Invariant: a null in the data is a result like any other; a key that contains a dot can't be reached.

Source: docs/contract/chart-extensions.md, "Conversions of values".
"""

from __future__ import annotations

import re
from enum import Enum

from platz.charts.reading.json_text import number_text
from platz.json import JsonValue

_INDEX = re.compile(r"\+?[0-9]+", re.ASCII)
_MAX_INDEX = 18


class Nothing(Enum):
    """The result of a lookup that found no value."""

    NOTHING = "nothing"


def find(data: JsonValue, key: JsonValue) -> JsonValue | Nothing:
    """Return the value at a path in the data, or `Nothing`."""
    match key:
        case bool():
            return Nothing.NOTHING
        case int() | float():
            return _by_number(data, key)
        case str():
            return _by_text(data, key)
        case _:
            return Nothing.NOTHING


def _by_number(data: JsonValue, key: float) -> JsonValue | Nothing:
    match data:
        case dict():
            return data.get(number_text(key), Nothing.NOTHING)
        case list() | str() if isinstance(key, int) and 0 <= key < len(data):
            return data[key]
        case _:
            return Nothing.NOTHING


def _by_text(data: JsonValue, path: str) -> JsonValue | Nothing:
    steps = path.split(".")
    value: JsonValue | Nothing = data
    for position, step in enumerate(steps):
        match value:
            case dict():
                value = value.get(step, Nothing.NOTHING)
            case list():
                value = _element(value, step)
            case str() if position == len(steps) - 1:
                return _element(value, step)
            case _:
                return Nothing.NOTHING
    return value


def _element(elements: list[JsonValue] | str, step: str) -> JsonValue | Nothing:
    if not _INDEX.fullmatch(step) or len(step) > _MAX_INDEX:
        return Nothing.NOTHING
    index = int(step)
    return elements[index] if index < len(elements) else Nothing.NOTHING
