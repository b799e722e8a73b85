"""The type of JSON documents, their comparison, and their merging."""

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


def merged_values(values: JsonObject, override: JsonObject | None) -> JsonObject:
    """Return ``values`` with ``override`` laid over it, as Helm merges several `-f` files.

    Objects are merged deeply, everything else is replaced. A null in the override is kept: it is Helm that removes the
    chart's default for it. Source: Helm's documentation of values files ("the last file takes precedence"),
    docs/contract/workers.md, "Vector of the merge of values".
    """
    merged: JsonObject = dict(values)
    for key, above in (override or {}).items():
        below = merged.get(key)
        if isinstance(above, dict) and isinstance(below, dict):
            merged[key] = merged_values(below, above)
        else:
            merged[key] = above
    return merged
