"""What PostgreSQL can't store is replaced in the texts of other programs, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.db.storable import storable, storable_json


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        ("plain ünïcode 🙂", "plain ünïcode 🙂"),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "?"),
        ("x\udfffy\x00", "x?y\ufffd"),
    ],
)
def test_only_what_can_not_be_stored_is_replaced(text: str, stored: str) -> None:
    assert storable(text) == stored


@given(st.text(st.characters()))
def test_the_result_can_always_be_stored(text: str) -> None:
    stored = storable(text)
    stored.encode()
    assert "\x00" not in stored
    assert len(stored) == len(text)


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text(), max_size=3), max_size=3))
def test_a_document_keeps_everything_but_nul(document: dict[str, object]) -> None:
    stored = json.loads(storable_json(json.dumps(document)))
    assert stored == json.loads(json.dumps(document).replace("\\u0000", "\\ufffd")) or "\\" in str(document)
    assert "\x00" not in json.dumps(stored, ensure_ascii=False)


@pytest.mark.parametrize(
    ("document", "stored"),
    [
        (r'"a\u0000b"', r'"a\ufffdb"'),
        (r'"a\\u0000b"', r'"a\\u0000b"'),
        (r'"a\\\u0000b"', r'"a\\\ufffdb"'),
        (r'"\u0000\u0000"', r'"\ufffd\ufffd"'),
        (r'"\u00000"', r'"\ufffd0"'),
    ],
)
def test_a_backslash_before_the_escape_counts(document: str, stored: str) -> None:
    assert storable_json(document) == stored
