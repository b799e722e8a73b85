"""Advice on templates that read parts of a value which the form never gives.

Source: docs/contract/chart-extensions.md, "Input types and their values".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from platz.charts.documents.references import FieldValue
from platz.charts.documents.ui_schema import UiSchema, ValueType
from platz.charts.linting.initial_values import DAYS_AND_HOUR_FORM, unknown_parts_of_days
from platz.charts.reading.problems import Complaint, Problem, Severity, quoted

_VALUES = re.compile(r"\.Values((?:\.\w+)+)", re.ASCII)


def advice_on_templates(schema: UiSchema, templates: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield advice on the templates of a chart with this form."""
    places = set(_places_of_days(schema))
    for name, content in templates.items() if places else ():
        text = content.decode("utf-8", errors="replace")
        for found in _VALUES.finditer(text):
            for sentence in _unknown_parts(found[1].split(".")[1:], places):
                line = text.count("\n", 0, found.start()) + 1
                remedy = f"The value is {DAYS_AND_HOUR_FORM}."
                complaint = Complaint(place=(), message=sentence, remedy=remedy, line=line)
                yield Problem(severity=Severity.WARNING, file=quoted(name, marks=""), complaint=complaint)


def _places_of_days(schema: UiSchema) -> Iterator[tuple[str, ...]]:
    days = {declared.id for declared in schema.inputs if declared.type is ValueType.DAYS_AND_HOUR}
    for output in schema.outputs.values:
        if isinstance(output.value, FieldValue) and output.value.input in days and output.path:
            yield output.path


def _unknown_parts(path: list[str], places: set[tuple[str, ...]]) -> Iterator[str]:
    for length in range(1, len(path)):
        if tuple(path[:length]) in places:
            yield from unknown_parts_of_days(path[length : length + 1])
