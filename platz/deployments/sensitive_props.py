"""Resource properties that are marked `sensitive`, encrypted at rest (chart-extensions.md 9.4, design section
6).

Invariant: in the database a sensitive property is `{"$encrypted": <ciphertext of its JSON>}`; everywhere
above these functions it is the plain value. A plain value of an adopted database reads as itself, and is
encrypted when it is next written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import orjson

from platz.charts.problems import InvalidDocument
from platz.charts.resource_types import parse_resource_spec
from platz.errors import Rejected
from platz.json import JsonObject, JsonValue

MARK = "$encrypted"


def sensitive_keys(spec: JsonValue) -> frozenset[str]:
    """The properties that a resource type's spec marks; none when the spec can't be read."""
    try:
        return parse_resource_spec(spec).sensitive_ids()
    except InvalidDocument:
        return frozenset()


def stored_props(props: JsonValue, sensitive: frozenset[str], encrypt: Callable[[str], str]) -> JsonValue:
    """What is written to the database for plain ``props``; raise Rejected for what would look encrypted
    already.
    """
    if not isinstance(props, dict):
        return props
    stored: JsonObject = {}
    for key, value in props.items():
        if isinstance(value, dict) and MARK in value:
            raise Rejected(f"A property must not hold {MARK}", field="props")
        stored[key] = {MARK: encrypt(orjson.dumps(value).decode())} if key in sensitive else value
    return stored


def read_props(stored: JsonValue, decrypt: Callable[[str], str]) -> JsonObject:
    """The plain properties; anything but an object has none."""
    if not isinstance(stored, dict):
        return {}
    return {key: _plain(value, decrypt) for key, value in stored.items()}


def _plain(value: JsonValue, decrypt: Callable[[str], str]) -> JsonValue:
    match value:
        case {"$encrypted": str(ciphertext)} if len(value) == 1:
            return cast("JsonValue", orjson.loads(decrypt(ciphertext)))
        case _:
            return value
