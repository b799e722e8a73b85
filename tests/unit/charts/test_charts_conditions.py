"""JsonLogic conditions: the dialect of docs/contract/chart-extensions.md, "Conditions"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.jsonlogic.operators import OPERATORS, evaluate, parse
from platz.charts.jsonlogic.rules import InvalidRule
from platz.charts.rendering.conditions import rule_holds
from platz.json import json_equal


def result(rule: Any, data: Any = None) -> Any:
    return evaluate(parse(rule), data, Budget())


@pytest.mark.parametrize(
    ("rule", "data", "expected"),
    [
        # 4.1: constants
        ([1, {"var": "a"}], {"a": 5}, [1, {"var": "a"}]),
        ({}, None, {}),
        ({"a": 1, "b": 2}, None, {"a": 1, "b": 2}),
        # 4.4: looking up
        ({"var": []}, {"a": 1}, {"a": 1}),
        ({"var": None}, 7, 7),
        ({"var": ""}, [1], [1]),
        ({"var": "a.b"}, {"a": {"b": None}}, None),
        ({"var": ["a", {"+": [1, 1]}]}, {}, 2.0),
        ({"var": 1}, ["x", "y"], "y"),
        ({"var": 1}, {"1": "one"}, "one"),
        ({"var": 1.0}, {"1.0": "float"}, "float"),
        ({"var": "t.1"}, {"t": "xyz"}, "y"),
        ({"var": "t.1.0"}, {"t": "xyz"}, None),
        ({"var": "l.+1"}, {"l": [1, 2]}, 2),
        ({"var": "l.-1"}, {"l": [1, 2]}, None),
        ({"var": True}, {"true": 1}, None),
        ({"var": "t.99999999999999999999"}, {"t": "xyz"}, None),
        # missing, missing_some
        ({"missing": []}, {}, []),
        ({"missing": ["a", "b"]}, {"a": None}, ["b"]),
        ({"missing": [["a", "b"], "c"]}, {"b": 0}, ["a"]),
        ({"missing_some": [1, ["a", "b"]]}, {"a": 1}, []),
        ({"missing_some": [2, ["a", "b"]]}, {"a": 1}, ["b"]),
        ({"missing_some": [1, ["b", "a"]]}, {"a": 1}, ["b"]),  # met only by the very last key
        ({"missing_some": ["x", ["b"]]}, {}, []),
        ({"missing_some": [0.5, ["b"]]}, {}, ["b"]),
        ({"missing_some": [1, "b"]}, {}, []),
        # if, and, or
        ({"if": []}, None, None),
        ({"if": [7]}, None, 7),
        ({"if": [0, 1]}, None, None),
        ({"if": [0, 1, 2]}, None, 2),
        ({"if": [0, 1, "", 2, [0], 3, 4]}, None, 3),
        ({"and": [1, "", 2]}, None, ""),
        ({"and": [1, 2]}, None, 2),
        ({"and": []}, None, None),
        ({"or": [0, "x", 1]}, None, "x"),
        ({"or": [0, {}]}, None, {}),
        ({"or": []}, None, None),
        # 4.3: equality
        ({"==": []}, None, True),
        ({"==": [None]}, None, True),
        ({"==": [1, "1.0"]}, None, True),
        ({"==": [0, ""]}, None, True),
        ({"==": [True, "1"]}, None, True),
        ({"==": [False, []]}, None, True),
        ({"==": [None, 0]}, None, False),
        ({"==": [[1, 2], "1,2"]}, None, True),
        ({"==": [[5], 5]}, None, True),
        ({"==": [[1], [1]]}, None, False),
        ({"==": [{"a": 1, "b": 1}, "[object Object]"]}, None, False),
        ({"==": [1, "0x1"]}, None, False),
        ({"==": ["nan", float("1e300")]}, None, False),
        ({"!=": [1, "1"]}, None, False),
        ({"===": [1, True]}, None, False),
        ({"===": [None, None]}, None, True),
        ({"!==": [1, "1"]}, None, True),
        # order
        ({"<": [1]}, None, False),
        ({">": [1]}, None, False),
        ({"<": [1, 2, 3]}, None, True),
        ({"<=": [1, 1, 0]}, None, False),
        ({">": [3, 2, 99]}, None, True),
        ({"<": [None, None]}, None, False),
        ({"<=": [None, None]}, None, True),
        ({">=": [None, None]}, None, True),
        ({"<": [False, True]}, None, True),
        ({"<": [["b"], "c"]}, None, True),
        ({"<": ["10", 9]}, None, False),
        ({">": [{"a": 1, "b": 1}, 1]}, None, True),
        # booleans
        ({"!": []}, None, True),
        ({"!": [[0]]}, None, False),
        ({"!!": [{}]}, None, True),
        ({"!!": ["0"]}, None, True),
        # in, cat, substr
        ({"in": ["a"]}, None, False),
        ({"in": [1, "x1y"]}, None, True),
        ({"in": [1.0, [1, 2]]}, None, True),
        ({"in": [[1], [[1]]]}, None, False),
        ({"in": [1, 1]}, None, False),
        ({"cat": []}, None, ""),
        (
            {"cat": [None, True, 1, 2.0, [1, [2, "x"]], {"a": 1, "b": 2}]},
            None,
            "nulltrue12.01,2,x[object Object]",
        ),
        ({"cat": [1e16, " ", 1e-6, " ", 0.00001]}, None, "1e+16 1e-6 0.00001"),
        ({"substr": []}, None, "undefined"),
        ({"substr": ["jsonlogic", 4]}, None, "logic"),
        ({"substr": ["jsonlogic", -5]}, None, "logic"),
        ({"substr": ["jsonlogic", 1, 3]}, None, "son"),
        ({"substr": ["jsonlogic", 1, -5]}, None, "son"),
        ({"substr": ["jsonlogic", -99, 2]}, None, "js"),
        ({"substr": ["jsonlogic", "x", "y"]}, None, "jsonlogic"),
        ({"substr": ["jsonlogic", 1.9, "inf"]}, None, "sonlogic"),
        # arithmetic
        ({"+": []}, None, 0.0),
        ({"+": ["12px", ".5", 1]}, None, 13.5),
        ({"+": ["1e", 1]}, None, None),
        ({"+": [None]}, None, None),
        ({"+": [True]}, None, None),
        ({"*": []}, None, None),
        ({"*": ["x"]}, None, "x"),
        ({"*": ["2x", 3]}, None, 6.0),
        ({"-": []}, None, None),
        ({"-": ["5"]}, None, -5.0),
        ({"-": [[3], True]}, None, 2.0),
        ({"-": ["5px", 1]}, None, None),
        ({"-": [1e308, -1e308]}, None, None),
        ({"/": [1, 0]}, None, None),
        ({"/": [1]}, None, None),
        ({"/": ["9", 2]}, None, 4.5),
        ({"%": [-7, 3]}, None, -1.0),
        ({"%": [7, 0]}, None, None),
        ({"%": ["inf", 3]}, None, None),
        ({"min": []}, None, None),
        ({"min": [3, "2", [1]]}, None, 1.0),
        ({"max": [3, "x"]}, None, None),
        ({"max": [None, False]}, None, 0.0),
        # lists
        ({"merge": [1, [2, [3]], []]}, None, [1, 2, [3]]),
        ({"map": [[1, 2], {"*": [{"var": ""}, 2]}]}, None, [2.0, 4.0]),
        ({"map": [[1, 2]]}, None, [None, None]),
        ({"map": ["ab", 1]}, None, []),
        ({"map": [[1], {"var": "outer"}]}, {"outer": 5}, [None]),
        ({"filter": [[1, 0, "x"], {"var": ""}]}, None, [1, "x"]),
        ({"filter": [[1]]}, None, []),
        ({"reduce": [[1, 2], {"+": [{"var": "current"}, {"var": "accumulator"}]}, 10]}, None, 13.0),
        ({"reduce": ["x", 1, "start"]}, None, "start"),
        ({"reduce": [[1]]}, None, None),
        ({"all": ["ab", {"in": [{"var": ""}, "abc"]}]}, None, True),
        ({"all": ["", True]}, None, False),
        ({"all": [[1]]}, None, False),
        ({"some": [[0, 1], {"var": ""}]}, None, True),
        ({"some": ["ab", True]}, None, False),
        ({"none": [[0], {"var": ""}]}, None, True),
        ({"none": [[1]]}, None, True),
        ({"none": ["x", True]}, None, True),
        # match
        ({"match": ["aXb", "x"]}, None, False),
        ({"match": ["aXb", "x", "gi"]}, None, True),
        ({"match": ["aXb", "x", "ggi"]}, None, False),
        ({"match": ["aXb", "(?=X)"]}, None, False),
        ({"match": ["aXb"]}, None, False),
        ({"match": ["a b", "a\\ b  # comment", "x"]}, None, True),
        ({"match": ["٣", "^\\d$"]}, None, True),
        ({"match": ["é_1", "^[\\w]+$"]}, None, True),
        ({"match": ["é", "\\W"]}, None, False),
        ({"match": ["a\nb", "a.b", "s"]}, None, True),
        ({"match": [12, "^12$"]}, None, True),
        # versions
        ({"jp_ver_gt": ["2.10", "2.9"]}, None, True),
        ({"jp_ver_lt": ["1.2", "1.2.0"]}, None, True),
        ({"jp_ver_lt": ["1", "2", "3"]}, None, True),
        ({"jp_ver_lt": ["1", "2", "1"]}, None, False),
        ({"jp_ver_eq": ["1.02", "1.2"]}, None, True),
        ({"jp_ver_ge": ["1-rc2", "1-rc10"]}, None, True),
        ({"jp_ver_le": ["4294967296", "5"]}, None, True),
        ({"jp_ver_eq": ["1"]}, None, False),
        ({"log": ["x", 1]}, None, "x"),
    ],
    ids=repr,
)
def test_rule_gives(rule: Any, data: Any, expected: Any) -> None:
    assert json_equal(result(rule, data), expected), result(rule, data)


@pytest.mark.parametrize(
    "rule",
    [
        {"nope": 1},
        {"if": [True, True, {"nope": 1}]},
        {"!": {"!": {"equals": [1, 1]}}},
        {"+": [1e308, 1e308]},
        {"*": [1e308, 10]},
        {"-": "inf"},
        {"min": [1, "nan"]},
        {"max": ["-infinity"]},
    ],
    ids=repr,
)
def test_invalid_rule_hides(rule: Any) -> None:
    with pytest.raises(InvalidRule):
        result(rule)
    assert rule_holds(rule, {}) is False


@pytest.mark.parametrize("outcome", [1, "yes", [True], {"a": 1, "b": 2}, None, False, "true"])
def test_only_the_boolean_true_shows(outcome: Any) -> None:
    assert rule_holds(outcome, {}) is False


@pytest.mark.parametrize("doubled", ["cat", "merge", "missing"])
def test_a_rule_that_doubles_its_data_ends_and_hides(doubled: str) -> None:
    accumulator = {"var": "accumulator"}
    rule = {"!!": {"reduce": [list(range(100)), {doubled: ["x", accumulator, accumulator]}, "x"]}}
    assert rule_holds(rule, {}) is False


def test_nested_loops_end_and_hide() -> None:
    elements = list(range(200))
    rule: Any = {"var": ""}
    for _ in range(4):
        rule = {"map": [elements, rule]}
    assert rule_holds({"!!": rule}, {}) is False


def test_a_rule_deeper_than_the_limit_hides() -> None:
    rule: Any = True
    for _ in range(200):
        rule = {"!!": [rule]}
    assert rule_holds(rule, {}) is False


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=8,
)
rules = st.recursive(
    json_values,
    lambda children: st.tuples(st.sampled_from(sorted(OPERATORS)), st.lists(children, max_size=4)).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(rule=rules, data=json_values)
def test_no_rule_does_anything_but_answer_or_be_invalid(rule: Any, data: Any) -> None:
    assert rule_holds(rule, data) in {True, False}


@settings(max_examples=200, deadline=None)
@given(left=json_values, right=json_values)
def test_greater_is_the_negation_of_less_or_equal(left: Any, right: Any) -> None:
    data = {"l": left, "r": right}
    pair = [{"var": "l"}, {"var": "r"}]
    assert result({">": pair}, data) is not result({"<=": pair}, data)
    assert result({">=": pair}, data) is not result({"<": pair}, data)
