"""YAML and JSON as chart authors write them.

Source: docs/contract/chart-extensions.md, "Syntax of the files".
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz.charts.reading.mapping import Mapping
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import MAX_FILE_BYTES, lines_of, read_json_file, read_yaml_file
from platz.json import json_equal


def yaml(text: str) -> Any:
    return read_yaml_file(text.encode()).value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[
            (text, text)
            for text in ("yes", "no", "on", "off", "y", "N", "tRuE", "nULL", "0755", "08", "-007", "1_000")
        ],
        *[
            (text, text)
            for text in ("12:30:45", "2024-05-06", "1e", "0X1F", "0x", "+-1", "..1", ".", "1e999", "٣", "<<")
        ],
        *[(text, None) for text in ("null", "Null", "NULL", "~", "")],
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("0o17", 15),
        ("0b101", 5),
        ("1.0", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e2", -100.0),
        ("08.5", 8.5),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("! 12", "12"),
        ("!!seq [1]", [1]),
        ("!!map {a: 1}", {"a": 1}),
        ("[&a 1, *a, &a 2, *a]", [1, 1, 2, 2]),
        ("{a: &x [1], b: *x}", {"a": [1], "b": [1]}),
        ("{<<: 1, a: 2}", {"<<": 1, "a": 2}),
        ("--- 1", 1),
        ("1\n...\n", 1),
        ("%YAML 1.2\n---\na: on", {"a": "on"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
    ids=repr,
)
def test_yaml_reads_as(text: str, value: Any) -> None:
    assert json_equal(yaml(text), value), yaml(text)


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.inf", ".nan"])
def test_special_floats_are_floats(text: str) -> None:
    assert not math.isfinite(yaml(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: !local x",
        "!local {a: 1}",
        "!!binary aGk=",
        "!!python/object/apply:os.system [echo]",
        "!!timestamp 2024-01-01",
        "!!int x",
        "!!map [1]",
        "a: 1\n---\nb: 2",
        "*nowhere",
        "&a [*a]",
        "[1",
        "a: b: c",
        '"\\ud800"',
        '"\\U00110000"',
        "a\x00b",
        "@a",
        "[" * 129 + "]" * 129,
        "- " * 129 + "a",
        "a: " + "x" * MAX_FILE_BYTES,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_yaml_refuses(text: str) -> None:
    with pytest.raises(InvalidDocument):
        yaml(text)


def test_aliases_expand_only_within_the_limit() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InvalidDocument, match="too many values"):
        yaml("\n".join(lines))


def test_aliases_nest_only_within_the_limit() -> None:
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} {'[' * 60}*a{n - 1}{']' * 60}" for n in range(1, 4)]
    assert yaml("\n".join(lines[:3]))
    with pytest.raises(InvalidDocument, match=r"\(line 4\): Values nest deeper than 128 levels"):
        yaml("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "is_empty"), [("", True), ("# only\n", True), ("---\n", True), ("~", False), ("''", False)]
)
def test_a_file_is_empty_without_content(text: str, is_empty: bool) -> None:
    assert read_yaml_file(text.encode()).is_empty is is_empty


@pytest.mark.parametrize("read", [yaml, lambda text: read_json_file(text.encode())], ids=["yaml", "json"])
def test_repeated_keys_are_remembered_and_the_last_value_wins(read: Any) -> None:
    value = read('{"a": 1, "b": 2, "a": 3}')
    assert value == {"a": 3, "b": 2}
    assert value.repeated == {"a"}


def test_keys_that_are_not_text_are_remembered() -> None:
    value = yaml("{1: x, a: y}")
    assert isinstance(value, Mapping)
    assert (dict(value), value.has_other_keys) == ({"a": "y"}, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{} x",
        "{} //c",
        "[1,]",
        "NaN",
        "{'a': 1}",
        '"\\ud800"',
        "1e999",
        "9" * 400,
        "[" * 129 + "]" * 129,
        "\ufeff{}",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_json_refuses(text: str) -> None:
    with pytest.raises(InvalidDocument):
        read_json_file(text.encode())


@pytest.mark.parametrize(
    ("text", "value"), [("18446744073709551615", 2**64 - 1), ("18446744073709551616", float(2**64))]
)
def test_json_integers_outside_64_bits_become_floats(text: str, value: float) -> None:
    assert json_equal(read_json_file(text.encode()), value)


def test_text_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidDocument, match=r"\(line 2\): The file is not UTF-8"):
        read_yaml_file(b"a: 1\nb: \xff")


@pytest.mark.parametrize("text", [r'["a\u0000b"]', r'{"a": {"\u0000": 1}}'])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(InvalidDocument, match="NUL"):
        read_json_file(text.encode())
    with pytest.raises(InvalidDocument, match=r"\(line 1\): .*NUL"):
        yaml(text)
    assert read_json_file(rb'["\\u0000"]') == [r"\u0000"]


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(InvalidDocument, match=r"line 3"):
        yaml("a: 1\nb: 2\nc: [")
    with pytest.raises(InvalidDocument, match=r"line 2"):
        read_json_file(b'{"a": 1,\n x}')


def test_lines_of_places_are_those_of_their_keys() -> None:
    lines = lines_of(b"a: 1\nb:\n  - x: 1\n    y:\n      2\n")
    assert (lines["a",], lines["b",], lines["b", 0], lines["b", 0, "x"], lines["b", 0, "y"]) == (
        1,
        2,
        3,
        3,
        4,
    )


@settings(max_examples=300, deadline=10_000)
@given(st.text(max_size=200) | st.text(alphabet="-?:,[]{}&*!|>'\"#%@ \n\tab1.~", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = yaml(text)
    except InvalidDocument:
        return
    json.dumps(value)  # integers of any size included: what reads them into a field judges their range


storable_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)
json_documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable_texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(storable_texts, children, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=10_000)
@given(json_documents)
def test_json_reads_back_what_was_written(document: Any) -> None:
    assert json_equal(read_json_file(orjson.dumps(document)), document)
