"""The state of a form for some answers: which inputs are visible, and what is wrong with each answer.

Invariant: visibility is decided by the same conditions that rendering uses. The problems are what a person should mend
before sending a form; rendering itself is more lenient, because bounds and options are hints.

Source: docs/contract/chart-extensions.md, "Visibility of inputs", "Input types and their values".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from platz.charts.documents.days_and_hour import is_days_and_hour
from platz.charts.documents.ui_schema import Input, UiSchema, ValueType
from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.rendering.chosen_items import parse_item_id
from platz.charts.rendering.conditions import visible
from platz.json import JsonObject, JsonValue, json_equal


@dataclass(frozen=True, kw_only=True)
class FormState:
    """``visible`` are input ids in the order of the form; ``problems`` is a sentence for each wrong answer."""

    visible: tuple[str, ...]
    problems: Mapping[str, str]


def form_state(schema: UiSchema, answers: JsonObject) -> FormState:
    """Return the state of the form; hidden inputs have no problems, whatever their answers are."""
    budget = Budget()
    by_id = schema.inputs_by_id()
    shown = [
        declared
        for declared in schema.inputs
        if declared is by_id[declared.id] and visible(declared, answers, budget)
    ]
    problems = {declared.id: problem for declared in shown if (problem := _problem(declared, answers))}
    return FormState(visible=tuple(declared.id for declared in shown), problems=problems)


def _problem(declared: Input, answers: JsonObject) -> str:
    answer = answers.get(declared.id)
    if declared.id not in answers or (answer is None and declared.value_type is not ValueType.RADIO_SELECT):
        return _missing(declared) if declared.required else ""
    if declared.is_array:
        return _list_problem(declared, answer)
    if declared.required and (answer == "" or (answer is False and declared.type is ValueType.CHECKBOX)):
        return _missing(declared)
    return _value_problem(declared, answer)


def _missing(declared: Input) -> str:
    match declared.type:
        case ValueType.CHECKBOX:
            return "This must be accepted."
        case ValueType.RADIO_SELECT | ValueType.COLLECTION_SELECT:
            return "Choose one."
        case ValueType.DAYS_AND_HOUR:
            return "Choose the days and an hour."
        case ValueType.TEXT | ValueType.NUMBER:
            return "Enter a value."
        case _:
            return "Add at least one."


def _list_problem(declared: Input, answer: JsonValue) -> str:
    if not isinstance(answer, list):
        return "A list is expected."
    if declared.required and not answer:
        return _missing(declared)
    problems = (
        f"Entry {place}: {problem}"
        for place, element in enumerate(answer, start=1)
        if (problem := _value_problem(declared, element))
    )
    return next(problems, "")


def _value_problem(declared: Input, value: JsonValue) -> str:
    check = _CHECKS.get(declared.value_type)
    return check(declared, value) if check else ""


def _text_problem(_: Input, value: JsonValue) -> str:
    return "" if isinstance(value, str) else "Text is expected."


def _number_problem(declared: Input, value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "A number is expected."
    number = Decimal(str(value))
    if declared.minimum is not None and number < Decimal(declared.minimum):
        return f"At least {declared.minimum}."
    if declared.maximum is not None and number > Decimal(declared.maximum):
        return f"At most {declared.maximum}."
    return ""


def _checkbox_problem(_: Input, value: JsonValue) -> str:
    return "" if isinstance(value, bool) else "Yes or no is expected."


def _choice_problem(declared: Input, value: JsonValue) -> str:
    offered = any(json_equal(option.value, value) for option in declared.options or ())
    return "" if offered else "The chart does not offer this choice. Choose another."


def _days_problem(_: Input, value: JsonValue) -> str:
    if not is_days_and_hour(value):
        return "Choose the days and an hour."
    return "" if isinstance(value, dict) and value["run_days"] else "Choose at least one day."


def _item_problem(_: Input, value: JsonValue) -> str:
    return "" if isinstance(value, str) and parse_item_id(value) is not None else "Choose one."


_CHECKS: Mapping[str, Callable[[Input, JsonValue], str]] = {
    ValueType.TEXT: _text_problem,
    ValueType.NUMBER: _number_problem,
    ValueType.CHECKBOX: _checkbox_problem,
    ValueType.RADIO_SELECT: _choice_problem,
    ValueType.DAYS_AND_HOUR: _days_problem,
    ValueType.COLLECTION_SELECT: _item_problem,
}
