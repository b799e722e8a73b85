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
    sensitive = (declared.id for declared in schema.inputs if declared.sensitive)
    return input_texts(config, sensitive) | _texts_in(rendered)


def input_texts(config: JsonValue, ids: Iterable[str]) -> frozenset[str]:
    """Return the texts and numbers inside the values of these inputs."""
    if not isinstance(config, dict) or exceeds_nesting(config):
        return frozenset()
    return _texts_in(config.get(each) for each in ids)


def _texts_in(values: Iterable[JsonValue]) -> frozenset[str]:
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
