"""Sensitive inputs: which inputs a chart marks as `sensitive`, and the encryption of their values in operations.

Invariant: an input that selects from a collection is never encrypted. Its value is an id, which is no secret, and
the dependants of an item are found by such ids.

Source: docs/contract/chart-extensions.md, "Inputs".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from platz.charts.documents.resource_types import parse_resource_spec
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.reading.problems import InvalidDocument
from platz.db.encryption import Cipher
from platz.db.field_encryption import encrypt_fields, encrypt_value
from platz.json import JsonObject, JsonValue
from platz.tasks.operations import Install, InvokeAction, Operation, Upgrade


def of_schema(schema: UiSchema | None) -> frozenset[str]:
    """Return the ids of a form's inputs whose values are encrypted."""
    inputs = schema.inputs if schema else ()
    return frozenset(
        declared.id for declared in inputs if declared.sensitive and not declared.selects_from_collection
    )


def of_chart(values_ui: JsonValue) -> frozenset[str]:
    """Return the same for a chart's stored UI schema; empty if there is none or it can't be read."""
    try:
        return frozenset() if values_ui is None else of_schema(parse_ui_schema(values_ui))
    except InvalidDocument:
        return frozenset()


def of_resource_type(spec: JsonValue) -> frozenset[str]:
    """Return the properties that a resource type's stored spec marks as sensitive; empty if it can't be read."""
    try:
        return parse_resource_spec(spec).sensitive_ids()
    except InvalidDocument:
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class InputEncryption:
    """The encryption of one change's values: the ids of the sensitive inputs, and the cipher."""

    sensitive: Collection[str]
    cipher: Cipher

    @classmethod
    def of_charts(cls, cipher: Cipher, *forms: JsonValue) -> InputEncryption:
        """Return the encryption of all inputs that at least one of these stored UI schemas marks as sensitive."""
        return cls(sensitive=frozenset[str]().union(*map(of_chart, forms)), cipher=cipher)

    def inputs(self, document: JsonValue) -> JsonValue:
        """Return the inputs with sensitive values encrypted, as a deployment or a task stores them."""
        return encrypt_fields(document, self.sensitive, self.cipher)

    def operation(self, operation: Operation) -> Operation:
        """Return the operation with sensitive values encrypted, as its task stores it."""
        match operation:
            case Upgrade():
                return replace(
                    operation,
                    config_inputs=self.inputs(operation.config_inputs),
                    config_delta=self._delta(operation.config_delta),
                )
            case Install():
                return replace(operation, config_inputs=self.inputs(operation.config_inputs))
            case InvokeAction():
                return replace(operation, body=self.inputs(operation.body))
            case _:
                return operation

    def _delta(self, delta: JsonObject | None) -> JsonObject | None:
        """Encrypt the old and the new value of each change in or below a sensitive input."""
        if delta is None:
            return None
        return {path: self._pair(pair) if self._is_within(path) else pair for path, pair in delta.items()}

    def _is_within(self, path: str) -> bool:
        return any(path == input_id or path.startswith(f"{input_id}.") for input_id in self.sensitive)

    def _pair(self, pair: JsonValue) -> JsonValue:
        return [encrypt_value(side, self.cipher) for side in pair] if isinstance(pair, list) else pair
