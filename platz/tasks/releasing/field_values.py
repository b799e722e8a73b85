"""Finds the value of a field that the server names in a conflict.

Source: Kubernetes, structured-merge-diff, `fieldpath.Path.String`.
"""

from __future__ import annotations

import json
import re

from platz.json import JsonObject, JsonValue


def value_at(document: JsonValue, field: str) -> JsonValue:
    """Return the value at a field as the server writes it, such as `.spec.ports[port=80,protocol="TCP"].name`.

    None when there is none. A key may hold dots, so the longest key that fits is taken.
    """
    if not field:
        return document
    if field.startswith("["):
        key, rest = field[1:].split("]", 1)
        return value_at(_item(document, key), rest)
    if not isinstance(document, dict):
        return None
    steps = [each.end() for each in re.finditer(r"[^.\[]+(?=[.\[]|$)", field)]
    for end in reversed(steps):
        if field[1:end] in document:
            return value_at(document[field[1:end]], field[end:])
    return None


def _item(document: JsonValue, key: str) -> JsonValue:
    items = document if isinstance(document, list) else []
    if key.isdigit():
        return items[int(key)] if int(key) < len(items) else None
    pairs = dict(re.findall(r'(\w*)=("(?:[^"\\]|\\.)*"|[^,]+)', key))
    wanted = {name: json.loads(text) for name, text in pairs.items()}
    return next((item for item in items if _matches(item, wanted)), None)


def _matches(item: JsonValue, wanted: JsonObject) -> bool:
    if "" in wanted:
        return item == wanted[""]
    defaults: JsonObject = {"protocol": "TCP"}
    return isinstance(item, dict) and all(item.get(k, defaults.get(k)) == v for k, v in wanted.items())
