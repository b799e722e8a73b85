"""The judgement of values by a JSON Schema, whose keywords are judged by functions in a table.

Invariant: for any schema and value the work is bounded (`Budget`). What can't be judged (a reference out of the
schema, an unknown keyword, a format) counts as allowed.

Source: JSON Schema drafts 4 to 2020-12, "Validation" and "Core"; Helm, "Schema Files".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from platz.charts.reading.problems import Place
from platz.charts.values.schema_references import SchemaReferences
from platz.errors import Rejected
from platz.json import JsonObject, JsonValue

MAX_DEPTH = 100
_LEGACY_DRAFT = re.compile(r"draft-0[3-7]")


class TooCostly(Rejected):
    """The schema takes too many steps to judge the chart's values."""


@dataclass(kw_only=True)
class Budget:
    """The steps that judgements may still take together."""

    steps: int = 2_000_000

    def spend(self, steps: int = 1) -> None:
        """Take these steps; raise `TooCostly` when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooCostly


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A keyword that a value does not meet; ``detail`` tells violations of one keyword apart."""

    place: Place
    keyword: str
    detail: str = ""


class SchemaJudge:
    """Judges values by one schema; all judgements share one budget."""

    def __init__(
        self, schema: JsonValue, keywords: Mapping[str, Keyword], budget: Budget | None = None
    ) -> None:
        self._schema = schema
        self._keywords = keywords
        self._references = SchemaReferences(schema)
        self._budget = budget or Budget()
        named = schema.get("$schema") if isinstance(schema, dict) else None
        self._ref_stands_alone = isinstance(named, str) and _LEGACY_DRAFT.search(named) is not None

    def violations(self, value: JsonValue) -> frozenset[Violation]:
        """Return everything that the schema finds wrong; raise `TooCostly`."""
        return frozenset(self.judge(self._schema, value, (), 0))

    def judge(self, schema: JsonValue, value: JsonValue, place: Place, depth: int) -> list[Violation]:
        """Return what a part of the schema finds wrong with the value at this place."""
        self._budget.spend()
        if depth > MAX_DEPTH:
            raise TooCostly
        if schema is False:
            return [Violation(place=place, keyword="false")]
        if not isinstance(schema, dict):
            return []
        found: list[Violation] = []
        for keyword in ("$ref",) if self.is_alone(schema) else schema:
            judge = self._keywords.get(keyword)
            if judge is not None:
                self.spend(width(schema[keyword]) + width(value))
                found += judge(Case(self, schema, value, place, depth + 1), schema[keyword])
        return found

    def is_alone(self, schema: JsonObject) -> bool:
        """Tell whether a ``$ref`` makes all other keywords void, as it does up to draft 7."""
        return self._ref_stands_alone and "$ref" in schema

    def resolve(self, reference: JsonValue) -> JsonValue:
        """Return the schema that a reference names, or None."""
        return self._references.resolve(reference) if isinstance(reference, str) else None

    def spend(self, steps: int) -> None:
        """Count steps; raise `TooCostly`."""
        self._budget.spend(steps)


@dataclass(frozen=True, slots=True)
class Case:
    """One value, and the schema object whose keywords judge it."""

    judge: SchemaJudge
    schema: JsonObject
    value: JsonValue
    place: Place
    depth: int

    def by(self, schema: JsonValue) -> list[Violation]:
        """Judge the same value by another schema."""
        return self.judge.judge(schema, self.value, self.place, self.depth)

    def child(self, schema: JsonValue, value: JsonValue, step: str | int) -> list[Violation]:
        """Judge a part of the value."""
        return self.judge.judge(schema, value, (*self.place, step), self.depth)

    def wrong(self, keyword: str, detail: str = "") -> list[Violation]:
        """Return the one violation of a keyword."""
        return [Violation(place=self.place, keyword=keyword, detail=detail)]


Keyword: TypeAlias = Callable[[Case, JsonValue], list[Violation]]
"""Judges a case by one keyword, whose argument is given."""


def width(value: JsonValue) -> int:
    """Return the steps of looking once at a text's characters, a list's items or an object's keys."""
    return len(value) // 16 if isinstance(value, str | list | dict) else 0


def as_object(value: JsonValue) -> JsonObject:
    """Return an object as it is, and anything else as an empty one: a keyword about objects says nothing about it."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []
