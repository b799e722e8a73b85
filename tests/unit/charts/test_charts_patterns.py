"""Regular expressions that users write: the dialect of the contract, in linear time.

Source: docs/contract/chart-extensions.md, "Operators"; docs/contract/workers.md, "Chart rows and tag information".
"""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from platz.charts.patterns import MAX_PATTERN_LENGTH, InvalidPattern, compile_pattern

ATOMS = some.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(?:ab)", "^", "$", "a*", "b+?", "a{1,2}", r"\."]
)
PATTERNS = some.lists(ATOMS, max_size=5).map("".join)


@given(PATTERNS, some.text(alphabet="ab.\n", max_size=12))
def test_common_syntax_means_what_it_means_in_python(pattern: str, text: str) -> None:
    expected = re.search(pattern.replace("$", r"\Z"), text)
    assert (compile_pattern(pattern).search(text) is None) == (expected is None)


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "matches"),
    [
        ("B", "i", "abc", True),
        ("B", "", "abc", False),
        ("^b", "m", "a\nb", True),
        ("^b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("a.b", "", "a\nb", False),
        ("a b", "x", "ab", True),
        ("a b # a comment", "x", "ab", True),
        (r"a[\ ]b", "x", "a b", True),
        (r"a\ b", "x", "a b", True),
        ("a b", "", "ab", False),
        (r"^\d+$", "", "٣٤", True),
        (r"^\D$", "", "٣", False),
        (r"^\w+$", "", "naïve_ß", True),
        (r"^\W$", "", "é", False),
        (r"^\s$", "", "\u00a0", True),
        (r"^\S$", "", "\u2003", False),
        (r"^[\w-]+$", "", "é-1", True),
        (r"^[^\s]+$", "", "ab", True),
        (r"\p{Lu}", "", "É", True),
        (r"\x{e9}", "", "é", True),
        ("[[:digit:]]", "", "7", True),
        ("[]]", "", "]", True),
        ("[^]]", "", "]", False),
        ("[[]", "", "[", True),
        ("", "", "", True),
    ],
)
def test_a_pattern_of_the_dialect(pattern: str, flags: str, text: str, *, matches: bool) -> None:
    assert (compile_pattern(pattern, flags=flags).search(text) is not None) == matches


@pytest.mark.parametrize(
    ("pattern", "flags", "reason"),
    [
        ("(?=a)", "", "not a valid regular expression"),
        ("(?<!a)b", "", "not a valid regular expression"),
        (r"(a)\1", "", "not a valid regular expression"),
        ("(", "", "not a valid regular expression"),
        ("[a", "", "not a valid regular expression"),
        ("*", "", "not a valid regular expression"),
        ("a{2000}", "", "not a valid regular expression"),
        ("a", "g", "are not flags"),
        ("a", "ii", "are not flags"),
        ("a", "q", "are not flags"),
        ("a" * (MAX_PATTERN_LENGTH + 1), "", "longer than"),
        ("(?P<a>x)(?P<a>y)", "", "(?P<a>x)(?P<a>y)"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_pattern_that_is_refused(pattern: str, flags: str, reason: str) -> None:
    with pytest.raises(InvalidPattern, match=re.escape(reason)) as caught:
        compile_pattern(pattern, flags=flags)
    assert len(caught.value.message) < 400


def test_groups_have_their_names_and_texts() -> None:
    pattern = compile_pattern(r"(?P<version>\d+)(-(?P<branch>\w+))?")
    assert pattern.group_names() == {"version", "branch"}
    match = pattern.search("12-main")
    assert match is not None
    assert (match.group("version"), match.group("branch")) == ("12", "main")
    match = pattern.search("12")
    assert match is not None
    assert match.group("branch") is None


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_patterns_that_explode_elsewhere_end_here(pattern: str) -> None:
    assert compile_pattern(pattern).search("a" * 100_000 + "!") is None


@given(some.text(max_size=40))
def test_any_text_is_a_pattern_or_is_refused(pattern: str) -> None:
    with contextlib.suppress(InvalidPattern):
        compile_pattern(pattern).search("some text")
