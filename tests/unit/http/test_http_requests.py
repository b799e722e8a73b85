"""Bodies are read within limits and validated without coercion."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.errors import Rejected
from platz.http.endpoints.deployments import NewDeployment
from platz.http.openapi.models import AnyJson, Name
from platz.http.requests import MAX_VALUES, RequestBody, parse_body


class Anything(RequestBody):
    value: AnyJson = None


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


def parse(raw: bytes) -> Anything:
    return parse_body(Anything, raw, content_type="application/json")


def has_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(has_nul(item) for item in value)
        case dict():
            return any(has_nul(key) or has_nul(item) for key, item in value.items())
        case _:
            return False


@given(JSON_VALUES)
def test_any_json_passes_unless_it_can_not_be_stored(value: Any) -> None:
    raw = json.dumps({"value": value}).encode()
    if has_nul(value):
        with pytest.raises(Rejected):
            parse(raw)
    else:
        assert parse(raw).value == value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Rejected):
        assert isinstance(parse(raw), Anything)


def test_a_nul_is_found_in_keys_and_deep_inside() -> None:
    for raw in (b'{"a\\u0000": 1}', b'{"value": [[{"a": "\\u0000"}]]}'):
        with pytest.raises(Rejected):
            parse(raw)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert parse(b'{"value": "\\\\u0000"}').value == "\\u0000"


def test_a_missing_body_is_an_empty_object_only_where_it_may_be_missing() -> None:
    assert parse_body(Anything, b"", content_type=None, required=False) == Anything()
    with pytest.raises(Rejected, match="Content type error"):
        parse_body(Anything, b"", content_type=None)
    with pytest.raises(Rejected, match="Content type error"):
        parse_body(Anything, b"{}", content_type=None, required=False)


def test_a_document_of_too_many_values_is_refused() -> None:
    few, many = ("[" + ",".join("1" * number) + "]" for number in (MAX_VALUES - 10, MAX_VALUES + 1))
    parse_body(Anything, f'{{"value": {few}}}'.encode(), content_type="application/json")
    with pytest.raises(Rejected, match="Json deserialize error: more than 200000 values"):
        parse_body(Anything, f'{{"value": {many}}}'.encode(), content_type="application/json")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_document_that_is_too_deep_is_refused(opening: str) -> None:
    with pytest.raises(Rejected, match="Json deserialize error"):
        parse_body(Anything, f'{{"value": {opening * 100_000}'.encode(), content_type="application/json")


@pytest.mark.parametrize("value", ['"a\\u0000b"', '{"a\\u0000b": 1}', "[[1e999]]", "NaN", "[-Infinity]"])
def test_what_can_not_be_stored_is_refused_wherever_it_is(value: str) -> None:
    with pytest.raises(Rejected, match="Json deserialize error"):
        parse_body(Anything, f'{{"value": {{"deep": [{value}]}}}}'.encode(), content_type="application/json")


def test_a_refusal_does_not_repeat_the_input() -> None:
    class Person(RequestBody):
        age: int

    with pytest.raises(Rejected) as refused:
        parse_body(Person, b'{"age": "hunter2"}', content_type="application/json")
    assert "hunter2" not in refused.value.message
    assert "age" in refused.value.message


def test_the_words_of_a_validator_are_told_as_they_are() -> None:
    class Named(RequestBody):
        name: Name

    with pytest.raises(Rejected) as refusal:
        parse_body(Named, b'{"name": " "}', content_type="application/json")
    assert refusal.value.message == "Json deserialize error: name: must not be empty"


@pytest.mark.parametrize(
    "kind", ["{id}", {"id": "{id}", "name": "WebShop", "created_at": "2024-03-09T12:34:56Z"}]
)
def test_a_kind_may_be_given_as_the_whole_row(kind: Any) -> None:
    """The older web frontend sends the kind that the user chose, not its id."""
    row = uuid4()
    body = json.dumps({"kind_id": kind, "cluster_id": "{id}", "helm_chart_id": "{id}"}).replace(
        "{id}", str(row)
    )
    new = parse_body(NewDeployment, body.encode(), content_type="application/json")
    assert (new.kind_id, new.cluster_id) == (row, row)


@pytest.mark.parametrize(
    "kind", [{}, {"id": None}, {"id": {"id": "x"}}, {"name": "WebShop"}, [], 7, "WebShop"]
)
def test_what_has_no_id_is_no_kind(kind: Any) -> None:
    body = json.dumps({"kind_id": kind, "cluster_id": str(uuid4()), "helm_chart_id": str(uuid4())})
    with pytest.raises(Rejected, match="Json deserialize error: kind_id"):
        parse_body(NewDeployment, body.encode(), content_type="application/json")
