"""Codecs: one says how a kind of value is read from a document, how it is stored, and how API clients see it.

Invariant: the three agree. A value that `read` accepted without a complaint is written by `store` as `schema`
describes it, and reading it again gives the same value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from platz.charts.reading.decoding import Cursor
from platz.charts.reading.problems import described
from platz.json import JsonObject, JsonValue

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

DEFINITIONS = "#/$defs/"
"""The prefix of a JSON Schema's references to definitions."""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A JSON Schema, and the definitions that it refers to by name."""

    json: JsonObject
    definitions: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])


@dataclass(frozen=True, kw_only=True)
class Codec(Generic[T]):
    """How one kind of value is read, stored and described."""

    read: Callable[[Cursor], T]
    store: Callable[[T], JsonValue]
    schema: Schema


def defined(name: str, schema: Schema, *, meaning: str) -> Schema:
    """Turn a schema into a named definition; ``meaning`` is its description for API clients."""
    definition: JsonObject = {"description": inspect.cleandoc(meaning), **schema.json}
    return Schema(json={"$ref": DEFINITIONS + name}, definitions={**schema.definitions, name: definition})


def any_of(*schemas: Schema) -> Schema:
    """Return the schema of a value that follows one of these schemas."""
    choices: list[JsonValue] = [schema.json for schema in schemas]
    return Schema(json={"anyOf": choices}, definitions=all_definitions(*schemas))


def or_null(schema: JsonObject) -> JsonObject:
    """Return the schema of a value that follows this schema or is null."""
    if not schema:  # anything, null included
        return schema
    choices = schema.get("anyOf")
    others: list[JsonValue] = choices if isinstance(choices, list) else [schema]
    return {"anyOf": [*others, {"type": "null"}]}


def all_definitions(*schemas: Schema) -> dict[str, JsonObject]:
    """Return the definitions of several schemas by name."""
    return {name: found for schema in schemas for name, found in schema.definitions.items()}


def list_of(item: Codec[T]) -> Codec[tuple[T, ...]]:
    """Return the codec of a list."""
    return Codec(
        read=lambda cursor: tuple(item.read(each) for each in cursor.items()),
        store=lambda items: [item.store(each) for each in items],
        schema=Schema(json={"type": "array", "items": item.schema.json}, definitions=item.schema.definitions),
    )


def mapping_of(item: Codec[T]) -> Codec[Mapping[str, T]]:
    """Return the codec of an object with free keys, in document order."""
    return Codec(
        read=lambda cursor: {key: item.read(each) for key, each in cursor.entries()},
        store=lambda items: {key: item.store(each) for key, each in items.items()},
        schema=Schema(
            json={"type": "object", "additionalProperties": item.schema.json},
            definitions=item.schema.definitions,
        ),
    )


def choice_of(choices: type[E], *, name: str = "") -> Codec[E]:
    """Return the codec of an enumeration, spelled exactly; a ``name`` makes it a named definition for API clients."""
    words: list[JsonValue] = [choice.value for choice in choices]
    schema = Schema(
        json={"type": "string", **({"enum": words} if name or len(words) > 1 else {"const": words[0]})}
    )
    return Codec(
        read=lambda cursor: cursor.choice(choices),
        store=lambda choice: choice.value,
        schema=defined(name, schema, meaning=choices.__doc__ or "") if name else schema,
    )


def exactly(text: str, *, name: str = "", meaning: str = "The only value.") -> Codec[str]:
    """Return the codec of one fixed text, such as those in a document's header.

    A ``name`` makes it a named enumeration for API clients, whose generated code names its only member.
    """

    def read(cursor: Cursor) -> str:
        if cursor.value != text:
            cursor.complain(
                f"{described(cursor.value)} is not the {cursor.place[-1]} of this document.", f"Write {text}."
            )
        return text

    schema = Schema(json={"type": "string", **({"enum": [text]} if name else {"const": text})})
    named = defined(name, schema, meaning=meaning) if name else schema
    return Codec(read=read, store=_unchanged, schema=named)


def _unchanged(value: JsonValue) -> JsonValue:
    return value


TEXT = Codec(read=Cursor.text, store=_unchanged, schema=Schema(json={"type": "string"}))
FLAG = Codec(read=Cursor.flag, store=_unchanged, schema=Schema(json={"type": "boolean"}))
COUNT = Codec(read=Cursor.count, store=_unchanged, schema=Schema(json={"type": "integer"}))
DECIMAL = Codec(read=Cursor.decimal, store=_unchanged, schema=Schema(json={"type": "string"}))
"""A decimal number, stored as text."""
ANY_JSON = Codec(read=Cursor.json, store=_unchanged, schema=Schema(json={}))
