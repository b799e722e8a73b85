"""Which inputs a chart marks as `sensitive`, and operations with these values sealed (chart-extensions.md
2.2).

Invariant: an input that selects from a collection is never sealed. Its value is an id, which is no secret,
and who uses an item is found by it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from platz.charts.documents.resource_types import parse_resource_spec
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.reading.problems import InvalidDocument
from platz.db.field_encryption import AtRest, encrypt_fields, encrypt_value
from platz.json import JsonObject, JsonValue
from platz.tasks.operations import Install, InvokeAction, Operation, Upgrade


def of_schema(schema: UiSchema | None) -> frozenset[str]:
    """The inputs of a form whose values are sealed."""
    inputs = schema.inputs if schema else ()
    return frozenset(
        declared.id for declared in inputs if declared.sensitive and not declared.selects_from_collection
    )


def of_chart(values_ui: JsonValue) -> frozenset[str]:
    """The same for a chart's stored UI schema; none when there is none or it can't be read."""
    try:
        return frozenset() if values_ui is None else of_schema(parse_ui_schema(values_ui))
    except InvalidDocument:
        return frozenset()


def of_resource_type(spec: JsonValue) -> frozenset[str]:
    """The properties that a resource type's stored spec marks; none when it can't be read."""
    try:
        return parse_resource_spec(spec).sensitive_ids()
    except InvalidDocument:
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """How one change seals what it writes: which inputs, and with what (None leaves everything plain)."""

    sensitive: frozenset[str]
    encrypt: Callable[[str], str] | None

    def config(self, document: JsonValue) -> JsonValue:
        """The config as its deployment stores it."""
        return document if self.encrypt is None else encrypt_fields(document, self.sensitive, self.encrypt)

    def operation(self, operation: Operation) -> Operation:
        """The operation as its task stores it."""
        return (
            operation if self.encrypt is None else sealed_operation(operation, self.sensitive, self.encrypt)
        )


def sealing(at_rest: AtRest | None, *forms: JsonValue) -> Sealing:
    """Seal what any of these stored UI schemas marks."""
    sensitive = frozenset[str]().union(*map(of_chart, forms))
    return Sealing(sensitive=sensitive, encrypt=at_rest.encrypt if at_rest else None)


def sealed_operation(
    operation: Operation, sensitive: Collection[str], encrypt: Callable[[str], str]
) -> Operation:
    """The operation as its task stores it."""
    match operation:
        case Upgrade():
            return replace(
                operation,
                config_inputs=encrypt_fields(operation.config_inputs, sensitive, encrypt),
                config_delta=_sealed_delta(operation.config_delta, sensitive, encrypt),
            )
        case Install():
            return replace(
                operation, config_inputs=encrypt_fields(operation.config_inputs, sensitive, encrypt)
            )
        case InvokeAction():
            return replace(operation, body=encrypt_fields(operation.body, sensitive, encrypt))
        case _:
            return operation


def _sealed_delta(
    delta: JsonObject | None, sensitive: Collection[str], encrypt: Callable[[str], str]
) -> JsonObject | None:
    """Both sides of what changed in or below a sensitive input."""
    if delta is None:
        return None
    return {
        path: _sealed_pair(pair, encrypt) if _is_within(path, sensitive) else pair
        for path, pair in delta.items()
    }


def _is_within(path: str, sensitive: Collection[str]) -> bool:
    return any(path == input_id or path.startswith(f"{input_id}.") for input_id in sensitive)


def _sealed_pair(pair: JsonValue, encrypt: Callable[[str], str]) -> JsonValue:
    return [encrypt_value(side, encrypt) for side in pair] if isinstance(pair, list) else pair
