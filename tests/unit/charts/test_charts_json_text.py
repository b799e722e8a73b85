"""JSON values of charts: text, copies, weight and nesting.

Source: docs/contract/chart-extensions.md, "Rendered secrets", "Rendering errors".
"""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from platz.charts.reading.json_text import (
    MAX_NESTING,
    compact_json,
    copied,
    exceeds_nesting,
    number_text,
    weight,
)
from platz.charts.reading.mapping import Mapping, has_other_keys, repeated_keys
from platz.json import json_equal

NUMBERS = some.integers(-(2**63), 2**64 - 1) | some.floats(allow_nan=False, allow_infinity=False)
VALUES = some.recursive(
    some.none() | some.booleans() | NUMBERS | some.text(max_size=10),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_compact_json_reads_back_as_the_same_value(value: Any) -> None:
    assert json_equal(json.loads(compact_json(value)), value)


@given(VALUES)
def test_compact_json_has_no_spaces_outside_of_texts(value: Any) -> None:
    without_texts = some_structure(value)
    assert " " not in compact_json(without_texts)
    assert "\n" not in compact_json(value)


def some_structure(value: Any) -> Any:
    """Return the value with every text replaced."""
    match value:
        case str():
            return "x"
        case list():
            return [some_structure(item) for item in value]
        case dict():
            return {str(position): some_structure(item) for position, item in enumerate(value.values())}
        case _:
            return value


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-17, "-17"),
        (2**64 - 1, "18446744073709551615"),
        (2.0, "2.0"),
        (-0.5, "-0.5"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1.5e300, "1.5e+300"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (0.000012, "0.000012"),
        (1e-6, "1e-6"),
        (1.25e-7, "1.25e-7"),
    ],
)
def test_a_number_is_written_as_the_contract_says(number: float, text: str) -> None:
    assert number_text(number) == text


@given(NUMBERS)
def test_a_number_reads_back_with_its_type(number: float) -> None:
    read = json.loads(number_text(number))
    assert (type(read), read) == (type(number), number)


@given(VALUES)
def test_a_copy_is_equal_and_shares_no_container(value: Any) -> None:
    other = copied(value)
    assert json_equal(other, value)
    assert not containers(other) & containers(value)


def containers(value: Any) -> set[int]:
    match value:
        case list():
            return {id(value)}.union(*map(containers, value))
        case dict():
            return {id(value)}.union(*map(containers, value.values()))
        case _:
            return set()


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        (None, 1),
        ("", 1),
        ("x" * 15, 1),
        ("x" * 16, 2),
        ("x" * 1600, 101),
        ([], 1),
        ([1, 2], 3),
        ({"a": [1], "b": {}}, 4),
        ([["x" * 32]], 5),
    ],
    ids=str,
)
def test_the_weight_of_a_value(value: Any, cost: int) -> None:
    assert weight(value) == cost


def test_the_weight_of_shared_parts_is_counted_up_to_a_limit() -> None:
    value: Any = [1]
    for _ in range(60):
        value = [value, value]
    assert 1000 < weight(value, limit=1000) < 1100


def nested(levels: int, *, by: str) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if by == "list" else {"a": value}
    return value


@pytest.mark.parametrize("by", ["list", "dict"])
@pytest.mark.parametrize("levels", [0, 1, MAX_NESTING - 1, MAX_NESTING, MAX_NESTING + 1, 5000])
def test_nesting_is_measured_without_recursion(levels: int, by: str) -> None:
    assert exceeds_nesting(nested(levels, by=by)) == (levels > MAX_NESTING)


def test_nesting_counts_the_deepest_part() -> None:
    assert exceeds_nesting([1, [2], nested(3, by="list")], 3)
    assert not exceeds_nesting([1, [2], nested(2, by="list")], 3)


@given(VALUES)
def test_plain_values_have_no_repeated_and_no_other_keys(value: Any) -> None:
    mapping = {"a": value}
    assert repeated_keys(mapping) == frozenset()
    assert not has_other_keys(mapping)


def test_a_mapping_remembers_what_a_dict_can_t_hold() -> None:
    mapping = Mapping({"a": 1}, repeated=["a", "a"], has_other_keys=True)
    assert (dict(mapping), repeated_keys(mapping), has_other_keys(mapping)) == (
        {"a": 1},
        frozenset({"a"}),
        True,
    )
    assert orjson.loads(orjson.dumps(dict(mapping))) == {"a": 1}
