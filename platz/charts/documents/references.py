"""References: where an output of a form gets its value.

Invariant: a reference has exactly one key, which says whether the input's value or a property is meant.

Source: docs/contract/chart-extensions.md, "Outputs".
"""

from __future__ import annotations

from typing import TypeAlias

from platz.charts.reading.codecs import TEXT, Codec, Schema, any_of, defined
from platz.charts.reading.decoding import Cursor
from platz.charts.reading.document_objects import DocumentObject
from platz.charts.reading.members import required
from platz.charts.reading.spelling import did_you_mean
from platz.json import JsonObject


class FieldValue(DocumentObject, name="UiSchemaInputRefField"):
    """The input's value."""

    input: str = required(TEXT)


class FieldProperty(DocumentObject, name="UiSchemaInputRefProperty"):
    """A property of the item that the input chooses."""

    input: str = required(TEXT)
    property: str = required(TEXT)


Reference: TypeAlias = FieldValue | FieldProperty

_KINDS: dict[str, type[Reference]] = {"FieldValue": FieldValue, "FieldProperty": FieldProperty}

_FORMS = "Write {FieldValue: {input: ID}} or {FieldProperty: {input: ID, property: NAME}}."


def _read(cursor: Cursor) -> Reference:
    cursor.refuse_repeated(*_KINDS)
    match cursor.entries():
        case [(key, target)] if key in _KINDS:
            return _KINDS[key].read(target)
        case _:
            if isinstance(cursor.value, dict):
                cursor.complain(
                    "The reference does not have exactly one of the keys FieldValue and FieldProperty.",
                    f"{_meant(cursor.value)} {_FORMS}".strip(),
                )
            return FieldValue(input="")


def _meant(written: JsonObject) -> str:
    return did_you_mean(next(iter(written)), _KINDS) if len(written) == 1 else ""


def _store(reference: Reference) -> JsonObject:
    return {key: reference.stored() for key, kind in _KINDS.items() if isinstance(reference, kind)}


def _described(key: str, kind: type[Reference]) -> Schema:
    target = kind.schema()
    schema = Schema(
        json={"type": "object", "properties": {key: target.json}, "required": [key]},
        definitions=target.definitions,
    )
    return defined(f"UiSchemaInputRef{key}", schema, meaning=f"A reference with the key `{key}`.")


REFERENCE: Codec[Reference] = Codec(
    read=_read,
    store=_store,
    schema=defined(
        "UiSchemaInputRef",
        any_of(*(_described(key, kind) for key, kind in _KINDS.items())),
        meaning="Where an output gets its value.",
    ),
)
