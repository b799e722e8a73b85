"""JSON values: their text, copies that share no containers, their weight and nesting.

Invariant: no function treats a boolean as a number or an integer as a float. `compact_json` and `copied` recurse, so
their callers check `exceeds_nesting` first.

Source: docs/contract/chart-extensions.md, "Visibility of inputs", "Rendered secrets".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from platz.json import JsonValue

MAX_NESTING = 128
"""Levels of nested containers; the limit that Platz has always had when reading JSON."""


def number_text(value: float) -> str:
    """Write a number as JSON text; a float always has a fraction or an exponent.

    Source: docs/contract/chart-extensions.md, "Rendered secrets".
    """
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    if "e" not in text:
        return text
    if 1e-5 <= abs(value) < 1e-4:  # Python switches to exponents one decade earlier than the contract
        return format(Decimal(text), "f")
    mantissa, exponent = text.split("e")
    sign = "-" if exponent.startswith("-") else "+"
    return f"{mantissa}e{sign}{exponent.lstrip('+-').lstrip('0')}"


def compact_json(value: JsonValue) -> str:
    """Write JSON without spaces, with non-ASCII characters unescaped and keys in their given order.

    Source: docs/contract/chart-extensions.md, "Rendered secrets".
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "[" + ",".join(compact_json(item) for item in value) + "]"
        case dict():
            fields = (
                f"{json.dumps(key, ensure_ascii=False)}:{compact_json(item)}" for key, item in value.items()
            )
            return "{" + ",".join(fields) + "}"


def exceeds_nesting(value: JsonValue, limit: int = MAX_NESTING) -> bool:
    """Tell whether containers nest deeper than ``limit``, without recursion."""
    level = _containers([value])
    for _ in range(limit):
        if not level:
            return False
        level = _containers(child for container in level for child in _children(container))
    return bool(level)


def weight(value: JsonValue, *, limit: int | None = None) -> int:
    """Return the cost of copying the value: one for each value in it, and one for every 16 characters.

    Counting stops soon after ``limit``: values may share parts, so the full count can be huge.
    """
    total = 0
    pending: list[JsonValue] = [value]
    while pending and (limit is None or total <= limit):
        item = pending.pop()
        total += 1 + (len(item) // 16 if isinstance(item, str) else 0)
        pending.extend(_children(item))
    return total


def copied(value: JsonValue) -> JsonValue:
    """Copy the containers; scalars are shared."""
    match value:
        case list():
            return [copied(item) for item in value]
        case dict():
            return {key: copied(item) for key, item in value.items()}
        case _:
            return value


def _containers(values: Iterable[JsonValue]) -> list[JsonValue]:
    return [value for value in values if isinstance(value, list | dict)]


def _children(value: JsonValue) -> list[JsonValue]:
    match value:
        case list():
            return value
        case dict():
            return list(value.values())
        case _:
            return []
