"""Compare JSON documents: equality by content, and the `config_delta` of an Upgrade (data-model.md 6.2).

Invariant: a diff is empty exactly when the documents are equal. Python's `==` is not JSON's: it says that
`True == 1` and `1 == 1.0`, which Helm values tell apart.
"""

from __future__ import annotations

from platz.json import JsonObject, JsonValue


def json_equal(old: JsonValue, new: JsonValue) -> bool:
    """Equality by content: types must match, arrays in order, the order of keys does not matter."""
    match old, new:
        case dict(), dict():
            return old.keys() == new.keys() and all(json_equal(value, new[key]) for key, value in old.items())
        case list(), list():
            return len(old) == len(new) and all(map(json_equal, old, new))
        case _:
            return type(old) is type(new) and old == new


def json_diff(old: JsonValue, new: JsonValue) -> JsonObject:
    """Dotted path -> `[old, new]` for everything that differs; arrays are compared as a whole."""
    if json_equal(old, new):
        return {}
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return {"": [old, new]}
    delta: JsonObject = {}
    for key, value in old.items():
        if key in new:
            changes = json_diff(value, new[key])
            delta |= {f"{key}.{path}" if path else key: change for path, change in changes.items()}
        else:
            delta[key] = [value, None]
    delta |= {key: [None, value] for key, value in new.items() if key not in old}
    return delta
