"""The judgement of values by JSON Schemas agrees with the reference implementation.

Source: JSON Schema drafts 7 and 2020-12.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from jsonschema import Draft7Validator, Draft202012Validator

from platz.charts.values.json_schema import judge_of
from platz.charts.values.schema_judgement import Budget, TooCostly, Violation

KEYS = some.sampled_from(["a", "b", "ab", "c"])
VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-2, 3)
    | some.sampled_from(["", "a", "ab", "1"])
    | some.just(1.0),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
TYPES = some.sampled_from(["null", "boolean", "string", "array", "object", "number", "integer"])
SIZES = some.integers(0, 3)
PATTERNS = some.sampled_from(["^a", "b$", "^a?b?$", "[0-9]"])


def schemas(inner: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    several = some.lists(inner, min_size=1, max_size=3)
    return some.fixed_dictionaries(
        {},
        optional={
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "properties": some.dictionaries(KEYS, inner, max_size=2),
            "patternProperties": some.dictionaries(PATTERNS, inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "items": inner,
            "contains": inner,
        },
    )


LEAVES = some.booleans() | some.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | some.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": some.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minLength": SIZES,
        "maxLength": SIZES,
        "minItems": SIZES,
        "maxItems": SIZES,
        "minProperties": SIZES,
        "maxProperties": SIZES,
        "minimum": SIZES,
        "maximum": SIZES,
        "exclusiveMinimum": SIZES,
        "exclusiveMaximum": SIZES,
        "uniqueItems": some.booleans(),
        "pattern": PATTERNS,
        "required": some.lists(KEYS, max_size=2, unique=True),
    },
)
SCHEMAS = some.recursive(LEAVES, schemas, max_leaves=6)


def allows(schema: Any, value: Any) -> bool:
    return not judge_of(schema).violations(value)


@settings(max_examples=600)
@given(SCHEMAS, VALUES)
def test_random_schemas_are_judged_as_by_the_reference(schema: Any, value: Any) -> None:
    assert allows(schema, value) == Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"c": 1}),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", 1]),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", "b"]),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a", 1]),
        ({"contains": {"const": 1}, "minContains": 0}, []),
        ({"unevaluatedProperties": False, "properties": {"a": True}}, {"a": 1}),
        ({"unevaluatedProperties": False, "properties": {"a": True}}, {"b": 1}),
        ({"unevaluatedProperties": False, "anyOf": [{"properties": {"a": {"const": 1}}}, True]}, {"a": 1}),
        ({"unevaluatedProperties": False, "anyOf": [{"properties": {"a": {"const": 1}}}, True]}, {"a": 2}),
        (
            {"unevaluatedProperties": False, "if": {"required": ["a"]}, "then": {"properties": {"a": True}}},
            {"a": 1},
        ),
        (
            {
                "unevaluatedProperties": False,
                "$ref": "#/$defs/x",
                "$defs": {"x": {"properties": {"a": True}}},
            },
            {"a": 1},
        ),
        ({"unevaluatedProperties": False, "allOf": [{"additionalProperties": True}]}, {"a": 1}),
        ({"$ref": "#/$defs/x", "type": "string", "$defs": {"x": {"maxLength": 1}}}, 5),
        ({"$ref": "#/$defs/x~1y%25", "$defs": {"x/y%": {"type": "string"}}}, 5),
        ({"$ref": "#here", "$defs": {"x": {"$anchor": "here", "type": "string"}}}, 5),
        ({"$id": "https://e.x/a", "$ref": "https://e.x/a#/$defs/x", "$defs": {"x": {"type": "string"}}}, 5),
        ({"allOf": [{"$ref": "#/anyOf/1"}], "anyOf": [True, {"type": "string"}]}, 5),
        ({"const": 1}, True),
        ({"const": 1}, 1.0),
        ({"enum": [[1, {"a": False}]]}, [1.0, {"a": 0}]),
        ({"uniqueItems": True}, [1, True, "1"]),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}]),
        ({"type": "integer"}, 1.0),
        ({"type": "integer"}, 1.5),
        ({"type": "number"}, True),
    ],
)
def test_a_schema_is_judged_as_by_the_reference(schema: Any, value: Any) -> None:
    assert allows(schema, value) == Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$ref": "#/definitions/x", "type": "string", "definitions": {"x": {"minimum": 1}}}, 5),
        ({"items": [{"type": "string"}], "additionalItems": False}, ["a"]),
        ({"items": [{"type": "string"}], "additionalItems": False}, ["a", 1]),
        ({"items": [{"type": "string"}]}, [1]),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}),
        ({"dependencies": {"a": {"required": ["b"]}}}, {"a": 1}),
        ({"$ref": "#x", "definitions": {"x": {"$id": "#x", "type": "string"}}}, 5),
    ],
)
def test_an_older_schema_is_judged_as_by_the_reference(schema: Any, value: Any) -> None:
    named = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    assert allows(named, value) == Draft7Validator(named).is_valid(value)


def test_each_key_that_is_not_allowed_is_one_violation() -> None:
    found = judge_of({"additionalProperties": False}).violations({"a": 1, "b": 2})
    assert found == {
        Violation(place=("a",), keyword="additionalProperties", detail="a"),
        Violation(place=("b",), keyword="additionalProperties", detail="b"),
    }


def test_a_violation_names_its_place() -> None:
    schema = {"properties": {"a": {"items": {"type": "string"}}}}
    assert {violation.place for violation in judge_of(schema).violations({"a": ["x", 1]})} == {("a", 1)}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"unevaluatedProperties": False, "allOf": [{"$ref": "#"}]},
        {"not": {"$ref": "#"}},
    ],
)
def test_a_schema_without_an_end_is_given_up(schema: Any) -> None:
    with pytest.raises(TooCostly):
        judge_of(schema).violations({"a": 1})


def test_a_pattern_takes_linear_time() -> None:
    judge = judge_of({"pattern": "^(a+)+$"}, Budget(steps=100_000))
    assert judge.violations("a" * 50_000 + "b")


def test_large_choices_and_lists_use_up_the_budget() -> None:
    with pytest.raises(TooCostly):
        judge_of({"enum": list(range(2000))}, Budget(steps=1000)).violations(1999)
    with pytest.raises(TooCostly):
        judge_of({"uniqueItems": True}, Budget(steps=1000)).violations(list(range(100)))


DEEP: list[Any] = [[{"a": "b"}] * 10] * 10
WIDE = {f"k{number}": number for number in range(1000)}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": DEEP}, DEEP),
        ({"enum": [DEEP]}, DEEP),
        ({"required": list(WIDE)}, WIDE),
        ({"properties": {"x": True}}, WIDE),
        ({"additionalProperties": True}, WIDE),
        ({"unevaluatedProperties": False, "properties": dict.fromkeys(WIDE, True)}, WIDE),
        ({"prefixItems": [], "items": True}, list(WIDE)),
        ({"type": ["object"] * 1000}, {}),
        ({"pattern": "a"}, "a" * 1000),
        ({"const": "a" * 1000}, "a" * 1000),
    ],
)
def test_large_values_and_arguments_use_up_the_budget_each_time(schema: Any, value: Any) -> None:
    repeated = {"$defs": {"x": schema}, "allOf": [{"$ref": "#/$defs/x"}] * 50}
    assert judge_of(schema, Budget(steps=4000)).violations(value) == set()
    with pytest.raises(TooCostly):
        judge_of(repeated, Budget(steps=2000)).violations(value)
