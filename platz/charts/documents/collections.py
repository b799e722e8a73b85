"""The collections that an input may choose items from, as charts write them.

Invariant: any JSON but null is accepted as a collection; whether it means anything is checked when values are rendered.

Source: docs/contract/chart-extensions.md, "Collection references".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from platz.charts.documents.db_tables import TABLE_NAMES, DbTable
from platz.charts.reading.codecs import ANY_JSON, TEXT, Codec, Schema, any_of, choice_of, defined
from platz.charts.reading.decoding import Cursor
from platz.charts.reading.document_objects import DocumentObject
from platz.charts.reading.json_text import compact_json
from platz.charts.reading.members import required
from platz.charts.reading.problems import quoted
from platz.charts.reading.spelling import nearest
from platz.json import JsonObject, JsonValue

_MAX_SHOWN_FIELDS = 10


@dataclass(frozen=True, kw_only=True)
class Table:
    """A collection whose items are the rows of one of Platz's tables."""

    name: str

    def __str__(self) -> str:
        return self.name


class KindResources(DocumentObject, name="DeploymentResourceCollection"):
    """A collection that a deployment kind declares: resources of a type that its deployments manage."""

    kind: str = required(TEXT, key="deployment")
    key: str = required(TEXT, key="type")

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class LegacyResources:
    """A collection whose items are resources of the type with this key, of any deployment kind."""

    key: str

    def __str__(self) -> str:
        return self.key


CollectionReference: TypeAlias = Table | KindResources | LegacyResources


def parse_reference(collection: JsonValue) -> CollectionReference | None:
    """Parse an input's ``collection``; return None if it is malformed.

    Source: docs/contract/chart-extensions.md, "Collection references".
    """
    match collection:
        case str() if collection in TABLE_NAMES:
            return Table(name=collection)
        case {"deployment": str(kind), "type": str(key)}:
            return KindResources(kind=kind, key=key)
        case str():
            return LegacyResources(key=collection)
        case _:
            return None


def collection_remedy(collection: JsonValue) -> str:
    """Say how a collection is written that is not a valid reference, or that is one of the legacy form.

    The guide of older Platz writes ``{Deployments: {filters: {kind: KIND}}}``, and the collection of secrets directly.
    """
    match collection:
        case str():
            table = intended_table(collection)
            return f"Did you mean {table}?" if table else _legacy_remedy(collection)
        case dict() if {nearest(key, ("deployment", "type")) for key in collection} >= {"deployment", "type"}:
            return "Write {deployment: KIND, type: KEY}, both as text."
        case dict() if collection:
            return _table_remedy(collection)
        case _:
            return "Write a table's name, or {deployment: KIND, type: KEY}."


def intended_table(collection: JsonValue) -> str | None:
    """Return the table that a collection means, also if it is written in another form; None for any other."""
    names: list[str] = []
    if isinstance(collection, str):
        names = [collection]
    elif isinstance(collection, dict):
        names = [*collection, *(value for value in collection.values() if isinstance(value, str))]
    return next(filter(None, (nearest(name, sorted(TABLE_NAMES)) for name in names)), None)


def field_list_text(pairs: JsonObject) -> str:
    """Write an object of fields and values as the list that ``filters`` and ``showIfAll`` are; cut it if it is long."""
    entries = [
        f"{{field: {quoted(key, marks='')}, value: {_value_text(value)}}}"
        for key, value in islice(pairs.items(), _MAX_SHOWN_FIELDS)
    ]
    more = ["…"] if len(pairs) > _MAX_SHOWN_FIELDS else []
    return f"[{', '.join([*entries, *more])}]"


def _legacy_remedy(key: str) -> str:
    name = quoted(key, marks="")
    return (
        f"For a resource type, write {{deployment: KIND, type: {name}}}; for the secrets of the collection {name},"
        f" write collection: secrets and filters: [{{field: collection, value: {name}}}]."
    )


def _table_remedy(collection: JsonObject) -> str:
    table = intended_table(collection)
    if table is None:
        return "Write a table's name, or {deployment: KIND, type: KEY}."
    pairs = _filters_in(collection)
    return f"Write collection: {table}" + (f" and filters: {field_list_text(pairs)}." if pairs else ".")


def _filters_in(collection: JsonObject) -> JsonObject:
    """Return the filters that are written inside a collection."""
    for key, value in collection.items():
        if isinstance(value, dict):
            return value if nearest(key, ["filters"]) else _filters_in(value)
    return {}


def _value_text(value: JsonValue) -> str:
    return quoted(value, marks="") if isinstance(value, str) else quoted(compact_json(value), marks="")


def _read(cursor: Cursor) -> JsonValue:
    collection = cursor.json()
    if collection is None:
        cursor.complain("Null is not a collection.", "Name a collection, such as deployments or secrets.")
    return collection


COLLECTION: Codec[JsonValue] = Codec(
    read=_read,
    store=ANY_JSON.store,
    schema=Schema(
        json={},
        definitions=defined(
            "DbTableOrDeploymentResource",
            any_of(choice_of(DbTable, name="DbTable").schema, KindResources.schema(), TEXT.schema),
            meaning="What a CollectionSelect chooses from; other text is a resource type's key of any kind (legacy).",
        ).definitions,
    ),
)
"""An input's ``collection``, stored as written; API clients see any JSON, of which the definition is the valid part."""
