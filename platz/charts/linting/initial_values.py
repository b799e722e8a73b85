"""Advice on initial values that no form can show, because their type or form is another one.

Source: docs/contract/chart-extensions.md, "Input types and their values".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from platz.charts.documents.days_and_hour import is_days_and_hour
from platz.charts.documents.ui_schema import Input, ValueType
from platz.charts.reading.problems import Complaint, Place, described, quoted
from platz.charts.reading.spelling import nearest
from platz.json import JsonValue, json_equal

DAYS_AND_HOUR_KEYS = ("run_days", "schedule")
DAYS_AND_HOUR_FORM = '{run_days: "1,3", schedule: "21:30"}'

_FORMS: dict[ValueType, tuple[Callable[[JsonValue], bool], str]] = {
    ValueType.TEXT: (lambda value: isinstance(value, str), "Write text, in quotes."),
    ValueType.NUMBER: (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "Write a number, without quotes.",
    ),
    ValueType.CHECKBOX: (lambda value: isinstance(value, bool), "Write true or false, without quotes."),
    ValueType.COLLECTION_SELECT: (
        lambda value: isinstance(value, str),
        "Write the id of an item, or nothing.",
    ),
}


def advice_on_initial_value(declared: Input, here: Place) -> Iterator[Complaint]:
    """Yield advice on the initial value of an input; null means that there is none."""
    value = declared.initial_value
    if value is None:
        return
    if not declared.is_array:
        yield from _on_value(declared, value, here)
    elif not isinstance(value, list):
        yield _wrong(value, declared, here, "Write a list.")
    else:
        for position, item in enumerate(value):
            yield from _on_value(declared, item, (*here, position))


def unknown_parts_of_days(keys: list[str]) -> Iterator[str]:
    """Yield a sentence for each key that a DaysAndHour does not have."""
    for key in keys:
        if key not in DAYS_AND_HOUR_KEYS:
            meant = nearest(key, DAYS_AND_HOUR_KEYS)
            question = f" Did you mean {meant}?" if meant else ""
            yield f"A DaysAndHour has no {quoted(key)}.{question}"


def _on_value(declared: Input, value: JsonValue, here: Place) -> Iterator[Complaint]:
    match declared.value_type:
        case ValueType.RADIO_SELECT:
            options = [option.value for option in declared.options or ()]
            if options and not any(json_equal(value, option) for option in options):
                yield _wrong(value, declared, here, "Write the value of one of its options.")
        case ValueType.DAYS_AND_HOUR:
            yield from _on_days(value, declared, here)
        case ValueType() as kind:
            has_form, remedy = _FORMS[kind]
            if not has_form(value):
                yield _wrong(value, declared, here, remedy)
        case _:
            pass


def _on_days(value: JsonValue, declared: Input, here: Place) -> Iterator[Complaint]:
    if not isinstance(value, dict):
        yield _wrong(value, declared, here, f"Write {DAYS_AND_HOUR_FORM}.")
        return
    unknown = list(unknown_parts_of_days(list(value)))
    for sentence in unknown:
        yield Complaint(place=here, message=sentence, remedy=f"Write {DAYS_AND_HOUR_FORM}.")
    if not unknown and not is_days_and_hour(value):
        yield _wrong(value, declared, here, f"Write {DAYS_AND_HOUR_FORM}: days from 0 (Sunday) to 6, UTC.")


def _wrong(value: JsonValue, declared: Input, here: Place, remedy: str) -> Complaint:
    kind = (
        f"list of {declared.value_type}"
        if declared.is_array and len(here) and here[-1] == "initialValue"
        else (declared.value_type)
    )
    return Complaint(place=here, message=f"{described(value)} is no value of a {kind}.", remedy=remedy)
