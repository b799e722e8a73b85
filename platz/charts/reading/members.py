"""The members of a document's objects: each declares how a key is read, stored and described.

Invariant: the description says what reading allows, unless the declaration gives another ``described``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol, Self, TypeVar

from platz.charts.reading.codecs import Codec, Schema, or_null
from platz.charts.reading.decoding import Fields
from platz.json import JsonObject

T = TypeVar("T")
Attributes = Mapping[str, Any]
"""The attributes of an object that have been read so far. Any: each attribute has its own type."""

_METADATA_KEY = "member"


class Presence(Enum):
    """Whether a key must be there, and whether it may be null."""

    REQUIRED = "it is there, with a value"
    NULLABLE = "it is there, perhaps with null"
    OPTIONAL = "it may be missing"
    OPTIONAL_NULLABLE = "it may be missing, or null"


_ALWAYS_THERE = frozenset({Presence.REQUIRED, Presence.NULLABLE})
_MAYBE_NULL = frozenset({Presence.NULLABLE, Presence.OPTIONAL_NULLABLE})


@dataclass(frozen=True, kw_only=True)
class Property:
    """The schema of a key, and whether every stored document has the key."""

    schema: Schema
    is_required: bool


class Member(Protocol):
    """The form that an attribute of an object has in a document."""

    def named(self, attribute: str) -> Self:
        """Return the member for this attribute, whose name becomes the key unless one was given."""
        ...

    def keys(self, version: str) -> tuple[str, ...]:
        """Return the keys in this version of the document."""
        ...

    def read(self, fields: Fields, earlier: Attributes, version: str) -> Any:
        """Read the attribute. Any: the attribute has the type that was declared."""
        ...

    def stored(self, value: Any) -> JsonObject:
        """Return the keys with their values as they are stored."""
        ...

    def properties(self, version: str) -> dict[str, Property]:
        """Return the properties of the schema by key, in this version, or in all of them if it is empty."""
        ...


def required(codec: Codec[T], *, key: str = "", described: Presence = Presence.REQUIRED) -> T:
    """Declare a key that must be there and have a value.

    ``key`` is needed where it differs from the attribute, ``described`` where the schema for API clients differs.
    """
    return declare(_Key(codec=codec, presence=Presence.REQUIRED, described=described, key=key))


def optional(codec: Codec[T], *, absent: T, key: str = "", described: Presence = Presence.OPTIONAL) -> T:
    """Declare a key that may be left out, which means ``absent``, but must not be null."""
    return declare(_Key(codec=codec, presence=Presence.OPTIONAL, described=described, key=key, absent=absent))


def nullable(codec: Codec[T], *, key: str = "", described: Presence = Presence.OPTIONAL_NULLABLE) -> T | None:
    """Declare a key that may be left out or null; the attribute is None in both cases."""
    member = _Key(codec=codec, presence=Presence.OPTIONAL_NULLABLE, described=described, key=key)
    return declare(member, default=None)


def required_if(condition: Callable[[Attributes], bool], codec: Codec[T], *, key: str = "") -> T | None:
    """Declare a key that is required if the attributes read before meet a condition, and else ignored and None."""
    return declare(_Key(codec=codec, presence=Presence.REQUIRED, key=key, condition=condition))


def known_in(
    versions: Collection[str], codec: Codec[T], *, absent: T | None = None, key: str = ""
) -> T | None:
    """Declare a key of some versions of a document; in the others the attribute is None, and not stored.

    Without ``absent`` the key is required.
    """
    presence = Presence.REQUIRED if absent is None else Presence.OPTIONAL
    return declare(_Key(codec=codec, presence=presence, key=key, absent=absent, versions=versions))


def added_in(versions: Collection[str], codec: Codec[T], *, key: str = "") -> T | None:
    """Declare a key that some versions gained later: it may be left out or null, and then it is not stored either."""
    member = _Key(codec=codec, presence=Presence.OPTIONAL_NULLABLE, key=key, versions=versions)
    return declare(member, default=None)


def declare(member: Member, **options: Any) -> Any:
    """Declare an attribute of a dataclass; ``options`` go to its field. Any: the attribute has the type read."""
    return dataclasses.field(metadata={_METADATA_KEY: member}, **options)


def members_of(kind: type[Any]) -> dict[str, Member]:
    """Return the members of a dataclass by attribute. Any: the dataclass can be any."""
    return {field.name: field.metadata[_METADATA_KEY].named(field.name) for field in dataclasses.fields(kind)}


@dataclass(frozen=True, kw_only=True)
class _Key:
    """A member that is one key."""

    codec: Codec[Any]  # Any: each member has its own type
    presence: Presence
    key: str
    described: Presence = Presence.OPTIONAL_NULLABLE
    absent: Any = None
    condition: Callable[[Attributes], bool] | None = None
    versions: Collection[str] = ()
    """The versions that have the key; empty means all."""

    def named(self, attribute: str) -> Self:
        return replace(self, key=self.key or attribute)

    def keys(self, version: str) -> tuple[str, ...]:
        return (self.key,) if self._is_known_in(version) else ()

    def read(self, fields: Fields, earlier: Attributes, version: str) -> Any:
        if not self._is_known_in(version) or (self.condition and not self.condition(earlier)):
            return None
        match self.presence:
            case Presence.REQUIRED | Presence.NULLABLE:
                return self.codec.read(fields.need(self.key))
            case Presence.OPTIONAL:
                return fields.get(self.key, self.codec.read, self.absent)
            case Presence.OPTIONAL_NULLABLE:
                return fields.nullable(self.key, self.codec.read)

    def stored(self, value: Any) -> JsonObject:
        if value is not None:
            return {self.key: self.codec.store(value)}
        return {} if self.versions else {self.key: None}

    def properties(self, version: str) -> dict[str, Property]:
        if version and not self._is_known_in(version):
            return {}
        if version and self.versions and self.presence is not Presence.OPTIONAL_NULLABLE:
            return {self.key: Property(schema=self.codec.schema, is_required=True)}
        schema = replace(self.codec.schema, json=self._schema())
        return {self.key: Property(schema=schema, is_required=self.described in _ALWAYS_THERE)}

    def _schema(self) -> JsonObject:
        schema: JsonObject = self.codec.schema.json
        if self.described in _MAYBE_NULL:
            schema = or_null(schema)
        if self.described is Presence.OPTIONAL_NULLABLE:
            return {**schema, "default": None}
        default = None if self.absent is None else self.codec.store(self.absent)
        is_worth_telling = self.described is Presence.OPTIONAL and isinstance(default, str | bool)
        return {**schema, "default": default} if is_worth_telling else schema

    def _is_known_in(self, version: str) -> bool:
        return not self.versions or version in self.versions
