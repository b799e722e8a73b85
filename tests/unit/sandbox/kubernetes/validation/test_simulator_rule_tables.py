"""Tables of rules: which places a row means, and that no document makes a table fail instead of refusing."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz_sandbox.kubernetes.objects.defaults import apply_defaults, fill_from_schema
from platz_sandbox.kubernetes.objects.served_kinds import BUILT_IN, Kind
from platz_sandbox.kubernetes.objects.shapes import Form, Shape, shape_of
from platz_sandbox.kubernetes.objects.status_errors import ApiError
from platz_sandbox.kubernetes.validation.checks import required, unique
from platz_sandbox.kubernetes.validation.custom.schema_values import wrong_values
from platz_sandbox.kubernetes.validation.places import Place, whole
from platz_sandbox.kubernetes.validation.rules_by_kind import RULES, check
from platz_sandbox.kubernetes.validation.tables import row, table


def fields(check: Any, document: dict[str, Any]) -> list[str]:
    return [cause.field for cause in check(whole(document))]


@pytest.mark.parametrize(
    ("path", "document", "missing"),
    [
        ("a", {}, ["a"]),
        ("a.b", {}, []),
        ("a.b", {"a": {}}, ["a.b"]),
        ("a[*].b", {"a": [{"b": 1}, {}, {"b": ""}]}, ["a[1].b", "a[2].b"]),
        ("a[*].b[*]", {"a": [{"b": ["x", ""]}]}, ["a[0].b[1]"]),
        ("a[*].b", {"a": "text"}, []),
    ],
)
def test_a_row_means_these_places(path: str, document: dict[str, Any], missing: list[str]) -> None:
    assert fields(table(row(path, required)), document) == missing


def test_tables_nest() -> None:
    inner = table(row("name", required))

    assert fields(table(row("items[*]", inner)), {"items": [{}]}) == ["items[0].name"]


def test_the_second_of_two_equal_elements_is_told() -> None:
    found = fields(table(row("a", unique("n"))), {"a": [{"n": 1}, {"n": 2}, {"n": 1}]})

    assert found == ["a[2].n"]


def test_every_kind_with_rules_is_served() -> None:
    assert set(RULES) <= {kind.resource for kind in BUILT_IN}


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["", "a", "A b", "x" * 70, "10.0.0.1"]),
    "integer": st.sampled_from([-1, 0, 1, 70000]),
    "number": st.sampled_from([0.5, -1]),
    "boolean": st.booleans(),
    "time": st.just("2026-01-01T00:00:00Z"),
    "bytes": st.sampled_from(["", "Yg=="]),
    "int-or-string": st.sampled_from([0, "10%", "some", -3]),
    "quantity": st.sampled_from(["0", "1Gi", "-1", "500m"]),
    "any": st.sampled_from([{}, {"type": "object"}, "text", 3]),
}


@st.composite
def of_shape(draw: st.DrawFn, shape: Shape, depth: int = 0) -> Any:
    """Draw a document of a kind's shape: what the decoder lets through."""
    if shape.form is Form.SCALAR:
        return draw(SCALARS.get(shape.scalar, SCALARS["any"]))
    if depth > 7:
        return [] if shape.form is Form.LIST else {}
    if shape.form is Form.LIST:
        return [draw(of_shape(shape.element, depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if shape.form is Form.MAP:
        return {
            key: draw(of_shape(shape.child(key), depth + 1))
            for key in draw(st.sets(st.sampled_from("ab"), max_size=2))
        }
    names = draw(st.sets(st.sampled_from(sorted(shape.fields)), max_size=5)) if shape.fields else set()
    return {name: draw(of_shape(shape.fields[name], depth + 1)) for name in names}


@pytest.mark.parametrize(
    "kind", [k for k in BUILT_IN if k.resource in RULES], ids=lambda kind: kind.resource + kind.version
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_has_the_shape_is_stored_or_refused(kind: Kind, data: st.DataObject) -> None:
    document = data.draw(of_shape(shape_of(kind)))
    document["metadata"] = {"name": "x", "uid": "0-u", "namespace": "n"}
    apply_defaults(kind, document)

    with contextlib.suppress(ApiError):  # any other error fails
        check(kind, shape_of(kind), document)


def of_field(name: str, **schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: schema}}


SCHEMA = {
    "type": "object",
    "required": ["mode"],
    "properties": {
        "mode": {"type": "string", "default": "fast", "enum": ["fast", "slow"]},
        "inner": {"type": "object", "properties": {"size": {"type": "integer", "default": 3}}},
        "items": {"type": "array", "items": of_field("p", type="string", default="TCP")},
        "any": {"type": "object", "additionalProperties": of_field("q", type="integer", default=1)},
    },
}  # fmt: skip


def test_defaults_of_a_schema_come_before_what_it_requires_at_any_depth() -> None:
    document: dict[str, Any] = {"inner": {}, "items": [{}, {"p": "UDP"}], "any": {"k": {}}}

    fill_from_schema(document, SCHEMA)

    assert document == {
        "mode": "fast", "inner": {"size": 3}, "items": [{"p": "TCP"}, {"p": "UDP"}], "any": {"k": {"q": 1}},
    }  # fmt: skip
    assert list(wrong_values(whole(document), SCHEMA)) == []


def test_what_is_missing_gets_no_inner_defaults() -> None:
    document: dict[str, Any] = {}

    fill_from_schema(document, SCHEMA)

    assert document == {"mode": "fast"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mode", "inner", "items", "any", "p"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_value_is_judged_by_a_schema(value: Any) -> None:
    place = Place(value=value, path="spec", root={})

    assert all(cause.field for cause in wrong_values(place, SCHEMA))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"^\$\{.+\}$", "${x}", True),
        (r"^\$\{.+\}$", "x", False),
        (r"^a$", "a\n", False),
        (r"\\$", "a\\", True),
    ],
)
def test_a_pattern_means_what_it_means_in_go(pattern: str, text: str, *, fits: bool) -> None:
    place = Place(value=text, path="spec.text", root={})
    assert (not list(wrong_values(place, {"type": "string", "pattern": pattern}))) == fits
