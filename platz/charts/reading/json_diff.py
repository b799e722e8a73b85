"""Differences of JSON documents, for the `config_delta` of an Upgrade.

Invariant: a diff is empty exactly when the documents are equal (`platz.json.json_equal`).

Source: docs/contract/data-model.md, "JSON differences".
"""

from __future__ import annotations

from platz.json import JsonObject, JsonValue, json_equal


def json_diff(old: JsonValue, new: JsonValue) -> JsonObject:
    """Map each dotted path that differs to `[old, new]`; arrays are compared as a whole."""
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
