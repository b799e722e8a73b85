"""The texts that must not appear in a log, a task's text or an event.

Invariant: every text and number inside a confidential value is listed separately, because each may appear on its
own, for example in a template's error message.
"""

from __future__ import annotations

from collections.abc import Iterable

from platz.charts.documents.ui_schema import UiSchema
from platz.charts.reading.json_text import exceeds_nesting, number_text
from platz.json import JsonValue


def confidential_texts(
    schema: UiSchema, config: JsonValue, rendered: Iterable[JsonValue] = ()
) -> frozenset[str]:
    """Return the texts to remove: the values of sensitive inputs, and the secret values in ``rendered``."""
    values = list(rendered)
    if isinstance(config, dict) and not exceeds_nesting(config):
        values.extend(config.get(declared.id) for declared in schema.inputs if declared.sensitive)
    return frozenset(text for value in values for text in _leaves(value) if text)


def _leaves(value: JsonValue) -> Iterable[str]:
    match value:
        case bool() | None:
            return
        case str():
            yield value
        case int() | float():
            yield number_text(value)
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for item in value.values():
                yield from _leaves(item)
