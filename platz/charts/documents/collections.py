"""The collections that an input may choose items from, as charts write them.

Invariant: any JSON but null is accepted as a collection; whether it means anything is checked when values are rendered.

Source: docs/contract/chart-extensions.md, "Collection references".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from platz.charts.documents.db_tables import TABLE_NAMES, DbTable
from platz.charts.reading.codecs import ANY_JSON, TEXT, Codec, any_of, choice_of, defined
from platz.charts.reading.decoding import Cursor
from platz.charts.reading.document_objects import DocumentObject
from platz.charts.reading.members import required
from platz.json import JsonValue


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


def _read(cursor: Cursor) -> JsonValue:
    collection = cursor.json()
    if collection is None:
        cursor.complain("Null is not a collection.", "Name a collection, such as deployments or secrets.")
    return collection


COLLECTION: Codec[JsonValue] = Codec(
    read=_read,
    store=ANY_JSON.store,
    schema=defined(
        "DbTableOrDeploymentResource",
        any_of(choice_of(DbTable, name="DbTable").schema, KindResources.schema(), TEXT.schema),
        meaning="What a CollectionSelect chooses from; other text is a resource type's key of any kind (legacy).",
    ),
)
"""An input's ``collection``, stored as written."""
