"""Differences of documents and of texts, and of what is shown of them."""

from __future__ import annotations

import pytest

from platz.json import JsonValue
from platz.preview.differences import LONGEST, MOST, differences, told
from platz.preview.hunks import LONGEST_LINE, MOST_LINES, Line, TooLong, hunks


def shown(before: JsonValue, after: JsonValue) -> tuple[JsonValue, list[str]]:
    cut: list[str] = []
    return told(differences(before, after), "values", cut), cut


def test_every_path_that_differs_is_told_with_both_values() -> None:
    found, cut = shown({"a": {"b": 1, "c": 2}, "gone": True}, {"a": {"b": 3, "c": 2}, "new": []})
    assert found == [
        {"path": "a.b", "before": 1, "after": 3},
        {"path": "gone", "before": True, "after": None},
        {"path": "new", "before": None, "after": []},
    ]
    assert cut == []


def test_equal_documents_have_no_differences() -> None:
    assert shown({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == ([], [])


def test_kinds_of_numbers_are_told_apart() -> None:
    assert shown({"a": 1}, {"a": True}) == ([{"path": "a", "before": 1, "after": True}], [])


def test_many_differences_are_cut_and_told() -> None:
    found, cut = shown({}, {str(number): number for number in range(MOST + 1)})
    assert isinstance(found, list)
    assert len(found) == MOST
    assert cut == [f"Only {MOST} of {MOST + 1} differences of the values are shown."]


@pytest.mark.parametrize(
    "value", ["x" * 5_000, ["x" * 5_000], {"y": {"z": "x" * 5_000}}], ids=["text", "list", "map"]
)
def test_a_long_value_is_cut(value: JsonValue) -> None:
    found, _ = shown({"a": None}, {"a": value})
    assert len(str(found)) < LONGEST + 200
    assert "characters)" in str(found)


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_a_hunk_has_the_lines_around_the_change_with_both_numbers() -> None:
    before = text("1", "2", "3", "4", "old", "6", "7", "8", "9")
    [hunk] = hunks(before, before.replace("old", "new"))
    assert [(line.mark, line.text, line.before, line.after) for line in hunk] == [
        (" ", "2", 2, 2),
        (" ", "3", 3, 3),
        (" ", "4", 4, 4),
        ("-", "old", 5, None),
        ("+", "new", None, 5),
        (" ", "6", 6, 6),
        (" ", "7", 7, 7),
        (" ", "8", 8, 8),
    ]


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    lines = [str(number) for number in range(40)]
    changed = ["first", *lines[1:-1], "last"]
    assert len(hunks(text(*lines), text(*changed))) == 2


def test_a_text_that_is_new_comes_as_a_whole() -> None:
    [hunk] = hunks("", text("a", "b"))
    assert [(line.mark, line.after) for line in hunk] == [("+", 1), ("+", 2)]


def test_equal_texts_have_no_hunks() -> None:
    assert hunks(text("a"), text("a")) == []


def test_texts_of_too_many_lines_are_not_compared() -> None:
    with pytest.raises(TooLong):
        hunks("", text(*["a"] * (MOST_LINES + 1)))


def test_a_long_line_is_cut() -> None:
    told_line = Line(mark="+", text="x" * 10_000, before=None, after=1).to_json()
    assert isinstance(told_line["text"], str)
    assert len(told_line["text"]) == LONGEST_LINE + 1
