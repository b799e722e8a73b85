"""The delta between two configs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.charts.reading.json_diff import json_diff
from platz.json import json_equal

scalars = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from("ab")
)
keys = st.sampled_from(["a", "b", "c"])
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=3), max_leaves=10
)


@pytest.mark.parametrize(
    ("old", "new", "delta"),
    [
        (
            {"a": 1, "c": {"x": 1, "y": 2}},
            {"a": 2, "c": {"x": 1, "y": 3}, "d": 4},
            {"a": [1, 2], "c.y": [2, 3], "d": [None, 4]},
        ),
        ({"a": 1}, {}, {"a": [1, None]}),
        ({"a": {"b": 1}}, {"a": [1]}, {"a": [{"b": 1}, [1]]}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [[1, 2], [1, 3]]}),
        (1, {"a": 1}, {"": [1, {"a": 1}]}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, {"a.b.c": [1, 2]}),
        ({"a": True}, {"a": 1}, {"a": [True, 1]}),
        ({"a": None}, {}, {"a": [None, None]}),
        ([], [], {}),
    ],
    ids=repr,
)
def test_the_rules_of_the_diff(old: object, new: object, delta: object) -> None:
    result = json_diff(old, new)  # pyright: ignore[reportArgumentType]
    assert json_equal(result, delta)  # pyright: ignore[reportArgumentType]


@given(documents)
def test_a_document_does_not_differ_from_itself(document: object) -> None:
    assert json_diff(document, document) == {}  # pyright: ignore[reportArgumentType]


@given(documents, documents)
def test_a_diff_is_empty_exactly_when_the_documents_are_equal(old: object, new: object) -> None:
    assert (json_diff(old, new) == {}) == json_equal(old, new)  # pyright: ignore[reportArgumentType]


@given(documents, documents)
def test_swapping_the_documents_swaps_every_pair(old: object, new: object) -> None:
    forward, backward = json_diff(old, new), json_diff(new, old)  # pyright: ignore[reportArgumentType]
    assert forward.keys() == backward.keys()
    assert all(json_equal(pair[::-1], backward[path]) for path, pair in forward.items())  # pyright: ignore[reportIndexIssue]


@given(st.dictionaries(keys, trees, max_size=3), st.dictionaries(keys, trees, max_size=3))
def test_writing_the_new_side_of_the_diff_into_the_old_document_gives_the_new_one(
    old: dict, new: dict
) -> None:  # type: ignore[type-arg]
    assert json_equal(_without_nulls(_patched(old, json_diff(old, new))), _without_nulls(new))


def _patched(document: dict, delta: dict) -> dict:  # type: ignore[type-arg]
    for path, (_, value) in delta.items():
        *parents, key = path.split(".")
        document = _with(document, [*parents, key], value)
    return document


def _with(document: dict, path: list[str], value: object) -> dict:  # type: ignore[type-arg]
    key, *rest = path
    return document | {key: _with(document[key], rest, value) if rest else value}


def _without_nulls(document: object) -> object:
    """A removed key and a key that became null look alike in a diff."""
    if not isinstance(document, dict):
        return document
    return {key: _without_nulls(value) for key, value in document.items() if value is not None}
