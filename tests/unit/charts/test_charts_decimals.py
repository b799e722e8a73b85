"""Decimals and the texts of numbers.

Source: docs/contract/chart-extensions.md, "Decimals", "Rendered secrets".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.charts.reading.decimals import decimal_text
from platz.charts.reading.json_text import compact_json, exceeds_nesting, number_text
from platz.json import json_equal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.50", "1.50"),
        ("0012.500", "12.500"),
        ("1e3", "1000"),
        ("1.5e+1", "15"),
        ("1.50e1", "15.0"),
        ("12e-3", "0.012"),
        ("-0.00", "0.00"),
        ("+.5", "0.5"),
        ("1.", "1"),
        ("1_000.5_0", "1000.50"),
        ("0e99", "0"),
        (2.50, "2.5"),
        (4.0, "4"),
        (1e6, "1000000"),
        (-0.0, "0"),
        (1e-30, "0"),
        (-17, "-17"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("1.00000000000000000000000000005", "1.0000000000000000000000000001"),
        ("12345678901234567890.12345678901234567890", "12345678901234567890.123456789"),
    ],
)
def test_decimal_is_written_as(value: Any, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        *[
            "",
            ".",
            "-",
            "_1",
            "1 ",
            " 1",
            "0x1",
            "inf",
            "nan",
            "1e",
            "e1",
            "1e1.5",
            "1,5",
            "٣",
            "1.2.3",
            "1\n",
        ],
        *[True, None, [], {}, float("inf"), float("nan"), 2**96, -(2**96), float(2**96)],
        *["79228162514264337593543950336", "1e29", "1e999999999", "1e99999999999999999999", "9" * 2000],
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_decimal(value: Any) -> None:
    assert decimal_text(value) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15))
def test_decimals_of_common_size_keep_their_value(number: Decimal) -> None:
    text = decimal_text(format(number, "f"))
    assert text is not None
    assert Decimal(text) == number


@given(st.text(alphabet="0123456789._eE+-", max_size=45) | st.floats() | st.integers())
def test_a_written_decimal_reads_as_itself(value: Any) -> None:
    text = decimal_text(value)
    assert text is None or decimal_text(text) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.0, "2.0"),
        (17, "17"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1.5e300, "1.5e+300"),
        (1e-5, "0.00001"),
        (1.25e-5, "0.0000125"),
        (9e-6, "9e-6"),
        (1e-10, "1e-10"),
        (-0.0001, "-0.0001"),
        (-0.0, "-0.0"),
    ],
)
def test_number_is_written_as(number: float, text: str) -> None:
    assert number_text(number) == text


def test_compact_json_has_no_spaces_and_no_escapes_beyond_need() -> None:
    document = {"é": [1, "two", None, True, 2.0], "q": '"\n\u0001'}
    assert compact_json(document) == '{"é":[1,"two",null,true,2.0],"q":"\\"\\n\\u0001"}'


@pytest.mark.parametrize(
    ("left", "right"),
    [(True, 1), (1, 1.0), ("1", 1), (None, False), ([1, 2], [2, 1]), ({"a": 1}, {"a": 1, "b": 2})],
)
def test_equality_by_content_converts_nothing(left: Any, right: Any) -> None:
    assert not json_equal(left, right)


def test_equality_by_content_ignores_key_order() -> None:
    assert json_equal({"a": [1, {"b": 2}], "c": None}, {"c": None, "a": [1, {"b": 2}]})


@pytest.mark.parametrize(("depth", "exceeds"), [(0, False), (3, False), (4, True), (5000, True)])
def test_nesting_is_measured_without_recursion(depth: int, exceeds: bool) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    assert exceeds_nesting(value, 3) is exceeds
