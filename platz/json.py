"""The type of JSON documents, and their comparison."""

from __future__ import annotations

from typing import TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"


def json_equal(left: JsonValue, right: JsonValue) -> bool:
    """Return whether two documents have the same content, without any conversion; the order of keys does not matter.

    Python's `==` does not fit: for it `True == 1` and `1 == 1.0`, but Helm values and the conditions of `showIfAll`
    distinguish these. JsonLogic has its own equality, in which 1 and 1.0 are the same number.
    """
    match left, right:
        case dict(), dict():
            return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
        case list(), list():
            return len(left) == len(right) and all(map(json_equal, left, right))
        case _:
            return type(left) is type(right) and left == right
