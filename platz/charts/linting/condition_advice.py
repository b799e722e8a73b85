"""Advice on conditions: inputs that they name wrongly, and inputs that they always hide.

Invariant: an input counts as always hidden only if no config that the form can send shows it.

Source: docs/contract/chart-extensions.md, "Visibility of inputs", "Conditions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platz.charts.documents.ui_schema import FieldEquals, Input, ValueType
from platz.charts.jsonlogic.evaluation import Budget, RuleTooCostly
from platz.charts.jsonlogic.operators import evaluate, parse
from platz.charts.jsonlogic.rules import Constant, InvalidRule, Operation, Rule
from platz.charts.linting.initial_values import DAYS_AND_HOUR_FORM, unknown_parts_of_days
from platz.charts.reading.problems import Complaint, Place, quoted
from platz.charts.reading.spelling import did_you_mean
from platz.json import JsonValue, json_equal

_OVER_LISTS = frozenset({"map", "filter", "reduce", "all", "some", "none"})
"""Operators whose second argument sees the elements of a list instead of the config."""
_OF_MANY_KEYS = frozenset({"missing", "missing_some"})
_MAX_STEPS = 1_000
"""Steps of one rule that reads no input, such as a plain boolean; nothing is said about one that takes more."""


def advice_on_condition(declared: Input, inputs: Mapping[str, Input], here: Place) -> Iterator[Complaint]:
    """Yield advice on the condition of an input among these inputs of its form."""
    if declared.show_if is not None:
        yield from _on_rule(declared, inputs, here)
    for position, entry in enumerate(declared.show_if_all or () if declared.show_if is None else ()):
        yield from _on_entry(entry, inputs, (*here, "showIfAll", position))


def is_always_hidden(declared: Input, inputs: Mapping[str, Input]) -> bool:
    """Tell whether no config shows the input."""
    if declared.show_if is None:
        return any(not _can_hold(entry, inputs) for entry in declared.show_if_all or ())
    try:
        rule = parse(declared.show_if)
        if any(path is None or path.split(".")[0] in inputs for path in _paths(rule)):
            return False
        return evaluate(rule, {}, Budget(_MAX_STEPS)) is not True
    except RuleTooCostly:
        return False
    except InvalidRule:
        return True


def _on_rule(declared: Input, inputs: Mapping[str, Input], here: Place) -> Iterator[Complaint]:
    place: Place = (*here, "showIf")
    try:
        rule = parse(declared.show_if)
    except InvalidRule as error:
        yield Complaint(
            place=place, message=f"{error} The input is always hidden.", remedy="Correct the rule."
        )
        return
    unknown = False
    for path in dict.fromkeys(filter(None, _paths(rule))):
        for complaint in _on_path(path, inputs, place):
            unknown = True
            yield complaint
    if not unknown and is_always_hidden(declared, inputs):
        remedy = 'Write a rule whose result is true or false, such as {"===": [{var: ID}, VALUE]}.'
        yield Complaint(
            place=place, message="The rule never gives true: the input is always hidden.", remedy=remedy
        )
    if declared.show_if_all is not None:
        yield Complaint(
            place=(*here, "showIfAll"),
            message="It is ignored, because there is a showIf.",
            remedy="Keep one of them.",
        )


def _on_path(path: str, inputs: Mapping[str, Input], place: Place) -> Iterator[Complaint]:
    name, *parts = path.split(".")
    declared = inputs.get(name)
    if declared is None:
        remedy = did_you_mean(name, inputs, otherwise="Name an input of this schema.")
        yield Complaint(place=place, message=f"There is no input {quoted(name)}.", remedy=remedy)
    elif declared.type is ValueType.DAYS_AND_HOUR:
        for sentence in unknown_parts_of_days(parts[:1]):
            yield Complaint(place=place, message=sentence, remedy=f"Its value is {DAYS_AND_HOUR_FORM}.")


def _on_entry(entry: FieldEquals, inputs: Mapping[str, Input], place: Place) -> Iterator[Complaint]:
    if entry.field not in inputs:
        yield Complaint(
            place=(*place, "field"),
            message=f"There is no input {quoted(entry.field)}; the input is always hidden.",
            remedy=did_you_mean(entry.field, inputs, otherwise="Name an input of this schema."),
        )
    elif not _can_hold(entry, inputs):
        yield Complaint(
            place=(*place, "value"),
            message=f"The input {quoted(entry.field)} never has this value; the input is always hidden.",
            remedy="Write true or false for a Checkbox, and the value of an option for a RadioSelect.",
        )


def _can_hold(entry: FieldEquals, inputs: Mapping[str, Input]) -> bool:
    declared = inputs.get(entry.field)
    if declared is None:
        return False
    if entry.value is None:
        return True
    if declared.type is ValueType.CHECKBOX:
        return isinstance(entry.value, bool)
    if declared.type is ValueType.RADIO_SELECT and declared.options:
        return any(json_equal(entry.value, option.value) for option in declared.options)
    return True


def _paths(rule: Rule) -> Iterator[str | None]:
    """Yield the paths that a rule reads from the config; None for one that is computed, or the whole config."""
    if not isinstance(rule, Operation):
        return
    arguments = rule.arguments
    if rule.operator == "var":
        yield _constant_path(arguments[0]) if arguments else None
        arguments = arguments[1:]
    elif rule.operator in _OF_MANY_KEYS:
        yield from _listed_paths(arguments)
    for position, argument in enumerate(arguments):
        if not (rule.operator in _OVER_LISTS and position == 1):
            yield from _paths(argument)


def _listed_paths(arguments: tuple[Rule, ...]) -> Iterator[str | None]:
    for argument in arguments:
        value: JsonValue = argument.value if isinstance(argument, Constant) else None
        keys = value if isinstance(value, list) else [value]
        yield from (key if isinstance(key, str) else None for key in keys)


def _constant_path(argument: Rule) -> str | None:
    return argument.value if isinstance(argument, Constant) and isinstance(argument.value, str) else None
