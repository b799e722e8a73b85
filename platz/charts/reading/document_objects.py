"""Objects of documents: a class's members declare its reader, its stored form and its JSON Schema at once.

Invariant: every key that is read is also stored and described, and vice versa. Keys are read and stored in the order
in which they are declared.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from platz.charts.reading.codecs import Codec, Schema, all_definitions, defined
from platz.charts.reading.decoding import Cursor, Fields
from platz.charts.reading.members import (
    Attributes,
    Member,
    Property,
    added_in,
    declare,
    known_in,
    members_of,
    nullable,
    optional,
    required,
    required_if,
)
from platz.json import JsonObject, JsonValue

Kind = TypeVar("Kind", bound="DocumentObject")


def embedded(kind: type[Kind]) -> Kind:
    """Declare an object whose keys stand directly among those of the object that contains it."""
    return declare(_Embedded(kind=kind))


def object_of(kind: type[Kind], *, version: str = "", exact: bool = False, name: str = "") -> Codec[Kind]:
    """Return the codec of this class in this version; ``exact`` refuses unknown keys.

    A ``name`` is that of the version's own schema, which is that of all versions otherwise.
    """
    schema = kind.schema(version, name=name) if name else kind.schema()
    return Codec(read=partial(kind.read, version=version, exact=exact), store=kind.stored, schema=schema)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(required, optional, nullable, required_if, known_in, added_in, embedded),
)
class DocumentObject:
    """An object of a document; ``name`` and the docstring name and describe its schema for API clients."""

    _name: ClassVar[str]
    _members: ClassVar[dict[str, Member]]

    def __init_subclass__(cls, *, name: str) -> None:
        """Make the class a frozen dataclass of its members."""
        cls._name = name
        cls._members = members_of(dataclass(frozen=True, kw_only=True)(cls))

    @classmethod
    def read(cls, cursor: Cursor, *, version: str = "", exact: bool = False) -> Self:
        """Read the object; ``exact`` refuses unknown keys."""
        return cls.read_fields(cursor.fields(*cls.keys(version), exact=exact), version)

    @classmethod
    def read_fields(cls, fields: Fields, version: str = "") -> Self:
        """Read the object from fields that contain its keys, perhaps among others."""
        attributes: dict[str, Any] = {}  # Any: each has its own type
        for attribute, member in cls._members.items():
            attributes[attribute] = member.read(fields, attributes, version)
        return cls(**attributes)

    def stored(self) -> JsonObject:
        """Return the stored form."""
        stored: JsonObject = {}
        for attribute, member in self._members.items():
            stored |= member.stored(getattr(self, attribute))
        return stored

    @classmethod
    @cache
    def keys(cls, version: str = "") -> tuple[str, ...]:
        """Return the keys in this version of the document."""
        return tuple(chain.from_iterable(member.keys(version) for member in cls._members.values()))

    @classmethod
    def schema(cls, version: str = "", *, name: str = "") -> Schema:
        """Return the schema of the stored form in this version, or else in any; ``name`` replaces the class's own."""
        properties = cls.properties(version)
        described: JsonObject = {key: member.schema.json for key, member in properties.items()}
        always: list[JsonValue] = [key for key, member in properties.items() if member.is_required]
        schema = Schema(
            json={"type": "object", "properties": described, **({"required": always} if always else {})},
            definitions=all_definitions(*(member.schema for member in properties.values())),
        )
        return defined(name or cls._name, schema, meaning=inspect.getdoc(cls) or "")

    @classmethod
    def properties(cls, version: str = "") -> dict[str, Property]:
        """Return the properties of the schema by key, of one version or of all."""
        properties: dict[str, Property] = {}
        for member in cls._members.values():
            properties |= member.properties(version)
        return properties


@dataclass(frozen=True, kw_only=True)
class _Embedded:
    """A member that consists of all keys of another object."""

    kind: type[DocumentObject]

    def named(self, attribute: str) -> Self:  # noqa: ARG002 (its keys have names already)
        return self

    def keys(self, version: str) -> tuple[str, ...]:
        return self.kind.keys(version)

    def read(self, fields: Fields, earlier: Attributes, version: str) -> DocumentObject:  # noqa: ARG002
        return self.kind.read_fields(fields, version)

    def stored(self, value: DocumentObject) -> JsonObject:
        return value.stored()

    def properties(self, version: str) -> dict[str, Property]:
        return self.kind.properties(version)
