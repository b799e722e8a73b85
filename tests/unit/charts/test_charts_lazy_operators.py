"""Operators of conditions evaluate only the arguments that they need.

Source: docs/contract/chart-extensions.md, "Operators".
"""

from __future__ import annotations

from typing import Any

import pytest

from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.jsonlogic.operators import evaluate, parse
from platz.charts.jsonlogic.rules import InvalidRule

FAILS: Any = {"+": ["1e308", "1e308"]}
"""A rule that is invalid when it is evaluated: its result is not finite."""


def result(rule: Any) -> Any:
    return evaluate(parse(rule), {"a": 1, "list": [1, 2]}, Budget())


def test_the_failing_rule_fails() -> None:
    with pytest.raises(InvalidRule):
        result(FAILS)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"in": ["a", "abc", FAILS]}, True),
        ({"in": [FAILS]}, False),
        ({"substr": ["abcdef", 1, 2, FAILS]}, "bc"),
        ({"match": ["abc", "B", "i", FAILS]}, True),
        ({"match": [FAILS]}, False),
        ({"-": [3, 1, FAILS]}, 2.0),
        ({"/": [6, 2, FAILS]}, 3.0),
        ({"%": [7, 4, FAILS]}, 3.0),
        ({"missing": [["a", "b"], FAILS]}, ["b"]),
        ({"missing_some": [1, ["b"], FAILS]}, ["b"]),
        ({"<": [2, 1, FAILS]}, False),
        ({"<=": [2, 1, FAILS]}, False),
        ({"<": [1, 2, 3, FAILS]}, True),
        ({"<": [FAILS]}, False),
        ({">": [2, 1, FAILS]}, True),
        ({">=": [FAILS]}, False),
        ({"jp_ver_lt": ["2", "1", FAILS]}, False),
        ({"jp_ver_gt": ["2", "1", FAILS]}, True),
        ({"==": [1, 1, FAILS]}, True),
        ({"!==": [1, 2, FAILS]}, True),
        ({"!": [True, FAILS]}, False),
        ({"!!": [1, FAILS]}, True),
        ({"log": [1, FAILS]}, 1),
        ({"var": ["a", FAILS]}, 1),
        ({"if": [True, 1, FAILS]}, 1),
        ({"if": [False, FAILS, 2]}, 2),
        ({"and": [False, FAILS]}, False),
        ({"or": [1, FAILS]}, 1),
        ({"map": [5, FAILS]}, []),
        ({"filter": [[], FAILS]}, []),
        ({"map": [[1], 2, FAILS]}, [2]),
        ({"all": [[], FAILS]}, False),
        ({"some": [[1, 2], {"==": [{"var": ""}, 1]}, FAILS]}, True),
        ({"none": [5, FAILS]}, True),
        ({"reduce": [[], FAILS, 7, FAILS]}, 7),
    ],
    ids=str,
)
def test_an_argument_that_does_not_matter_is_not_evaluated(rule: Any, expected: Any) -> None:
    assert result(rule) == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"in": ["a", FAILS]},
        {"substr": ["abc", 1, FAILS]},
        {"match": ["a", "a", FAILS]},
        {"-": [1, FAILS]},
        {"<": [1, 2, FAILS]},
        {"missing": ["a", FAILS]},
        {"cat": ["a", FAILS]},
        {"merge": [[1], FAILS]},
        {"min": [1, FAILS]},
        {"if": [False, 1, FAILS]},
        {"or": [0, FAILS]},
        {"reduce": [[1], FAILS, 7]},
    ],
    ids=str,
)
def test_an_argument_that_matters_is_evaluated(rule: Any) -> None:
    with pytest.raises(InvalidRule):
        result(rule)
