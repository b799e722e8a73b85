"""CEL: what has its grammar, and what is known of it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.validation.custom.rule_language import BadExpression, parse


@pytest.mark.parametrize(
    "expression",
    [
        "self.a > 1",
        "!has(self.a) || self.a in ['x', \"y\"]",
        "self.a.all(x, x.startsWith('a'))",
        "self.?a.orValue(1) == 1",
        "self.a ? self.b == 1 : !self.c",
        "size(self.a) <= 3 && self.a[0] == self.b['k']",
        "self == oldSelf",
        "quantity(self.a).isLessThan(quantity('1Gi'))",
        "{'a': 1}['a'] == 1",
        "r'\\d' != ''",
        "object.metadata.name.matches('^a.*$')",
        "variables.x.exists(y, y.z == 1u)",
        "(1 + 2) * 3 == 9",
        "-self.a < 0",
        "true",
    ],
)
def test_a_condition(expression: str) -> None:
    assert parse(expression).is_condition


@pytest.mark.parametrize(
    "expression", ["self.a + 1", "'a'", "3", "[1]", "{'a': 1}", "-1", "null", "size(self.a)"]
)
def test_what_is_no_condition(expression: str) -> None:
    assert not parse(expression).is_condition


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("self.a >", 9),
        ("object.", 8),
        ("(self.a", 8),
        ("self.a == 'x", 11),
        ("a b", 3),
        ("", 1),
        ("[1,", 4),
        ("a ? b", 6),
    ],
)
def test_what_is_refused_is_told_with_its_column(expression: str, column: int) -> None:
    with pytest.raises(BadExpression) as refused:
        parse(expression)

    assert str(refused.value).startswith(f"<input>:1:{column}: Syntax error: ")


def test_the_fields_of_self_are_found_and_no_others() -> None:
    parsed = parse("self.a.b == 1 && other.c && has(self.d) && self.e.f()")

    assert [name for name, _ in parsed.fields] == ["a", "d", "e"]


@pytest.mark.parametrize(
    ("expression", "depth"),
    [("self.a == 1", 0), ("self.a.all(x, x)", 1), ("self.a.all(x, x.all(y, y)) && self.b.all(z, z)", 2)],
)
def test_loops_inside_loops_are_counted(expression: str, depth: int) -> None:
    assert parse(expression).depth == depth


@given(st.text(alphabet="self.ab(){}[]<>=!&|?:,'\"1 +-", max_size=25))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadExpression):  # any other error fails
        assert parse(text).depth >= 0
