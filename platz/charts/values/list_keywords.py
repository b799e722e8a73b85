"""The keywords of a JSON Schema about lists."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from platz.charts.values.schema_judgement import Case, Keyword, Violation, as_list
from platz.charts.values.value_keywords import same_value
from platz.json import JsonValue


def _items(case: Case, schema: JsonValue) -> list[Violation]:
    items = as_list(case.value)
    if isinstance(schema, list):  # up to 2019-09: one schema for each position
        return _prefix_items(case, schema)
    first = len(as_list(case.schema.get("prefixItems")))
    return [
        violation
        for position, item in enumerate(items)
        if position >= first
        for violation in case.child(schema, item, position)
    ]


def _prefix_items(case: Case, schemas: JsonValue) -> list[Violation]:
    pairs = zip(as_list(schemas), as_list(case.value), strict=False)
    return [
        violation
        for position, (schema, item) in enumerate(pairs)
        for violation in case.child(schema, item, position)
    ]


def _additional_items(case: Case, schema: JsonValue) -> list[Violation]:
    first = case.schema.get("items")
    if not isinstance(first, list):
        return []
    rest = enumerate(as_list(case.value)[len(first) :], start=len(first))
    return [violation for position, item in rest for violation in case.child(schema, item, position)]


def _contains(case: Case, schema: JsonValue) -> list[Violation]:
    if not isinstance(case.value, list) or case.schema.get("minContains") == 0:
        return []
    found = any(not case.child(schema, item, position) for position, item in enumerate(case.value))
    return [] if found else case.wrong("contains")


def _unique_items(case: Case, is_wanted: JsonValue) -> list[Violation]:
    items = as_list(case.value) if is_wanted is True else []
    repeated = any(same_value(case, item, other) for item, other in combinations(items, 2))
    return case.wrong("uniqueItems") if repeated else []


LIST_KEYWORDS: Mapping[str, Keyword] = {
    "items": _items,
    "prefixItems": _prefix_items,
    "additionalItems": _additional_items,
    "contains": _contains,
    "uniqueItems": _unique_items,
}
