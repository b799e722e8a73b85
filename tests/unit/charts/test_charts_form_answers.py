"""The state of a form: what is visible for some answers, and what a person should mend."""

from __future__ import annotations

from typing import Any

import pytest

from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.rendering.form_answers import FormState, form_state

ITEM = "0b3bc7ae-bcd9-49c3-9a47-01f63d48da13"


def declared(kind: str, **attributes: Any) -> dict[str, Any]:
    return {"id": "it", "type": kind, "label": "It", **attributes}


def state_of(inputs: list[dict[str, Any]], answers: dict[str, Any]) -> FormState:
    return form_state(parse_ui_schema({"inputs": inputs, "outputs": {"values": []}}), answers)


def problem(one: dict[str, Any], *answer: Any) -> str:
    """Return the problem of an input with this answer, or with none."""
    return state_of([one], {"it": answer[0]} if answer else {}).problems.get("it", "")


CHOICES = {
    "options": [{"value": 1, "label": "One"}, {"value": "1", "label": "Text"}, {"value": None, "label": "-"}]
}


@pytest.mark.parametrize(
    ("one", "right", "wrong"),
    [
        (declared("text"), ["", "a", "1"], [1, True, [], {}]),
        (declared("number"), [0, -1, 1.5, 1e300], ["1", True, [], {}]),
        (declared("number", minimum=0.25, maximum="9"), [0.25, 9, 3], [0.24999, 9.0001, -1]),
        (declared("Checkbox"), [True, False], ["true", 0, []]),
        (declared("RadioSelect", **CHOICES), [1, "1", None], [2, "2", True, [1]]),
        (declared("RadioSelect"), [], [1]),
        (
            declared("DaysAndHour"),
            [{"run_days": "1,3", "schedule": "21:30"}, {"run_days": "0", "schedule": "00:00"}],
            [
                {"run_days": "", "schedule": "21:30"},
                {"run_days": "7", "schedule": "21:30"},
                {"run_days": "1,", "schedule": "21:30"},
                {"run_days": "1", "schedule": "24:00"},
                {"run_days": "1", "schedule": "9:30"},
                {"run_days": "1"},
                "daily",
            ],
        ),
        (declared("CollectionSelect", collection="deployments"), [ITEM], ["", "shop", 1, {}]),
        (declared("array", itemType="number", minimum=1), [[], [1, 2]], [[0], [1, "2"], "1", {}, 1]),
        (
            declared("array", itemType="CollectionSelect", collection="secrets"),
            [[], [ITEM]],
            [[ITEM, ""], ITEM],
        ),
    ],
)
def test_an_answer_must_be_of_the_inputs_type(
    one: dict[str, Any], right: list[Any], wrong: list[Any]
) -> None:
    assert [problem(one, answer) for answer in right] == [""] * len(right)
    assert [answer for answer in wrong if not problem(one, answer)] == []


@pytest.mark.parametrize(
    ("one", "answers", "sentence"),
    [
        (declared("text", required=True), [None, ""], "Enter a value."),
        (declared("number", required=True), [None], "Enter a value."),
        (declared("Checkbox", required=True), [None, False], "This must be accepted."),
        (declared("RadioSelect", required=True, options=[{"value": 1, "label": "One"}]), [], "Choose one."),
        (declared("CollectionSelect", required=True, collection="secrets"), [None], "Choose one."),
        (declared("DaysAndHour", required=True), [None], "Choose the days and an hour."),
        (declared("array", required=True, itemType="text"), [None, []], "Add at least one."),
    ],
)
def test_a_required_answer_is_asked_for(one: dict[str, Any], answers: list[Any], sentence: str) -> None:
    assert problem(one) == sentence
    assert [problem(one, answer) for answer in answers] == [sentence] * len(answers)
    optional = {**one, "required": False}
    assert problem(optional) == ""
    assert problem(optional, None) in {"", "The chart does not offer this choice. Choose another."}


def test_the_first_wrong_entry_of_a_list_is_named() -> None:
    one = declared("array", itemType="number", maximum=9)
    assert problem(one, [1, 10, "x"]) == "Entry 2: At most 9."


def test_bounds_are_compared_as_decimals() -> None:
    one = declared("number", minimum="0.1", maximum="0.3")
    assert problem(one, 0.1) == problem(one, 0.3) == ""
    assert problem(one, 0.1 + 0.2) == "At most 0.3."


def test_hidden_inputs_have_no_problems_and_others_keep_the_forms_order() -> None:
    inputs = [
        {"id": "c", "type": "text", "label": "C", "required": True, "showIf": {"==": [{"var": "a"}, "x"]}},
        {"id": "a", "type": "text", "label": "A"},
        {"id": "b", "type": "number", "label": "B", "showIfAll": [{"field": "a", "value": "x"}]},
    ]
    hidden = state_of(inputs, {"a": "y", "b": "no number", "c": 7})
    assert (hidden.visible, hidden.problems) == (("a",), {})
    shown = state_of(inputs, {"a": "x", "b": "no number"})
    assert shown.visible == ("c", "a", "b")
    assert shown.problems == {"c": "Enter a value.", "b": "A number is expected."}


def test_the_first_declaration_of_an_id_counts() -> None:
    inputs = [declared("text"), declared("number")]
    assert state_of(inputs, {"it": "text"}) == FormState(visible=("it",), problems={})


def test_answers_that_no_input_declares_are_nobodys_problem() -> None:
    assert state_of([declared("text")], {"other": object}).problems == {}
