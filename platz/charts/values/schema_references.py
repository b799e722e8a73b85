"""The references of a JSON Schema, resolved inside the schema itself.

Invariant: nothing is ever fetched. A reference that leads out of the schema, or to nothing, resolves to None.

Source: JSON Schema Core, "Schema References With $ref"; RFC 6901.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from platz.json import JsonObject, JsonValue

_NAMES = ("$id", "id", "$anchor")
_INDEX = re.compile(r"[0-9]{1,9}")
"""The index of an item; longer ones name none, and Python refuses to read thousands of digits."""


class SchemaReferences:
    """The places of one schema that references can name: by pointer, by ``$id`` or by ``$anchor``."""

    def __init__(self, root: JsonValue) -> None:
        self._root = root
        base = root.get("$id", root.get("id")) if isinstance(root, dict) else None
        self._base = base.rstrip("#") if isinstance(base, str) else ""
        self._named: dict[str, JsonObject] = {}
        self._collect(root)

    def resolve(self, reference: str) -> JsonValue:
        """Return the schema that a reference names, or None."""
        if reference in self._named:
            return self._named[reference]
        document, _, fragment = reference.partition("#")
        root = self._root if document in {"", self._base} else self._named.get(document)
        if f"#{fragment}" in self._named:
            return self._named[f"#{fragment}"]
        return None if fragment and not fragment.startswith("/") else _at(root, fragment)

    def _collect(self, root: JsonValue) -> None:
        pending: list[JsonValue] = [root]
        while pending:
            match pending.pop():
                case dict() as schema:
                    for key in _NAMES:
                        name = schema.get(key)
                        if isinstance(name, str):
                            self._named.setdefault(f"#{name}" if key == "$anchor" else name, schema)
                    pending.extend(schema.values())
                case list() as items:
                    pending.extend(items)
                case _:
                    pass


def _at(root: JsonValue, pointer: str) -> JsonValue:
    found = root
    for step in pointer.split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        match found:
            case dict():
                found = found.get(key)
            case list() if _INDEX.fullmatch(key) and int(key) < len(found):
                found = found[int(key)]
            case _:
                return None
    return found
