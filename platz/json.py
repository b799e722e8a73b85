"""The type of a JSON document, and when two of them are equal."""

from __future__ import annotations

from typing import TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"


def json_equal(left: JsonValue, right: JsonValue) -> bool:
    """Compare by content, without any conversion; the order of keys does not matter.

    Python's `==` is not JSON's: it says that `True == 1` and `1 == 1.0`, which Helm values and the conditions of
    `showIfAll` tell apart. JsonLogic has equalities of its own, for which 1 and 1.0 are one number.
    """
    match left, right:
        case dict(), dict():
            return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
        case list(), list():
            return len(left) == len(right) and all(map(json_equal, left, right))
        case _:
            return type(left) is type(right) and left == right
