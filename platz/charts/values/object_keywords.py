"""The keywords of a JSON Schema about objects and their keys."""

from __future__ import annotations

from collections.abc import Mapping

from platz.charts.values.schema_judgement import (
    MAX_DEPTH,
    Case,
    Keyword,
    Violation,
    as_list,
    as_object,
    width,
)
from platz.charts.values.schema_patterns import matches
from platz.json import JsonValue


def _properties(case: Case, properties: JsonValue) -> list[Violation]:
    value, known = as_object(case.value), as_object(properties)
    return [
        violation for key in value if key in known for violation in case.child(known[key], value[key], key)
    ]


def _pattern_properties(case: Case, patterns: JsonValue) -> list[Violation]:
    return [
        violation
        for pattern, schema in as_object(patterns).items()
        for key, item in as_object(case.value).items()
        if matches(case, pattern, key)
        for violation in case.child(schema, item, key)
    ]


def _additional_properties(case: Case, schema: JsonValue) -> list[Violation]:
    declared = case.schema.get("properties"), case.schema.get("patternProperties")
    extra = [key for key in as_object(case.value) if not _is_declared(case, key, *declared)]
    if schema is False:
        return [
            Violation(place=(*case.place, key), keyword="additionalProperties", detail=key) for key in extra
        ]
    return [violation for key in extra for violation in case.child(schema, as_object(case.value)[key], key)]


def _is_declared(case: Case, key: str, properties: JsonValue, patterns: JsonValue) -> bool:
    return key in as_object(properties) or any(matches(case, pattern, key) for pattern in as_object(patterns))


def _property_names(case: Case, schema: JsonValue) -> list[Violation]:
    return [
        Violation(place=(*case.place, key), keyword="propertyNames", detail=key)
        for key in as_object(case.value)
        if case.judge.judge(schema, key, case.place, case.depth)
    ]


def _required(case: Case, keys: JsonValue) -> list[Violation]:
    if not isinstance(case.value, dict):
        return []
    missing = [key for key in as_list(keys) if isinstance(key, str) and key not in case.value]
    return [violation for key in missing for violation in case.wrong("required", key)]


def _dependent(case: Case, dependencies: JsonValue) -> list[Violation]:
    found: list[Violation] = []
    for key, wanted in as_object(dependencies).items():
        if key in as_object(case.value):
            found += _required(case, wanted) if isinstance(wanted, list) else case.by(wanted)
    return found


def _unevaluated_properties(case: Case, schema: JsonValue) -> list[Violation]:
    if schema is not False:
        return []
    known = _evaluated(case, case.schema)
    return [
        Violation(place=(*case.place, key), keyword="unevaluatedProperties", detail=key)
        for key in as_object(case.value)
        if key not in known
    ]


def _evaluated(case: Case, schema: JsonValue) -> set[str]:
    """Return the keys that a schema judges, also through the schemas that it applies in place."""
    case.judge.spend(1 + width(case.value))
    if not isinstance(schema, dict) or case.depth > MAX_DEPTH:
        return set()
    value = as_object(case.value)
    if "additionalProperties" in schema:
        return set(value)
    declared = schema.get("properties"), schema.get("patternProperties")
    known = {key for key in value if _is_declared(case, key, *declared)}
    deeper = Case(case.judge, schema, case.value, case.place, case.depth + 1)
    for applied in _applied_in_place(deeper):
        known |= _evaluated(deeper, applied)
    return known


def _applied_in_place(case: Case) -> list[JsonValue]:
    schema = case.schema
    applied = [*as_list(schema.get("allOf")), case.judge.resolve(schema.get("$ref"))]
    choices = [*as_list(schema.get("anyOf")), *as_list(schema.get("oneOf"))]
    applied += [choice for choice in choices if not case.by(choice)]
    if "if" in schema:
        is_met = not case.by(schema["if"])
        applied += [schema["if"], schema.get("then")] if is_met else [schema.get("else")]
    return applied


OBJECT_KEYWORDS: Mapping[str, Keyword] = {
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "propertyNames": _property_names,
    "required": _required,
    "dependencies": _dependent,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
}
