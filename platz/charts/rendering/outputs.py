"""Rendering of a UI schema with a config into values and secrets.

Invariant: values and secrets are pure functions of schema, environment, config and collections. Each succeeds as a
whole or fails with one `RenderingFailed`, and neither changes the config.

Source: docs/contract/chart-extensions.md, "Rendering".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from uuid import UUID

from platz.charts.documents.collections import CollectionReference, collection_remedy, parse_reference
from platz.charts.documents.references import FieldProperty, FieldValue, Reference
from platz.charts.documents.ui_schema import Input, UiSchema
from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.reading.json_text import compact_json, exceeds_nesting
from platz.charts.reading.spelling import did_you_mean
from platz.charts.rendering.chosen_items import (
    Collections,
    item_property,
    parse_item_id,
)
from platz.charts.rendering.conditions import visible
from platz.charts.rendering.output_paths import ValuesTree
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.json import JsonObject, JsonValue

_Code = RenderingErrorCode
_MAX_VALUES_DEPTH = 250
"""Levels of nested containers that every JSON writer on the way to Helm can write."""


class _Skip(Enum):
    SKIP = "skip"


def render_values(
    schema: UiSchema, *, env_id: UUID, config: JsonValue, collections: Collections
) -> JsonObject:
    """Return the object that ``outputs.values`` describes; raise `RenderingFailed`."""
    return Rendering(schema, env_id=env_id, config=config, collections=collections).values()


def render_secrets(
    schema: UiSchema, *, env_id: UUID, config: JsonValue, collections: Collections
) -> dict[str, dict[str, str]]:
    """Return the texts of ``outputs.secrets`` by name and key, in document order; raise `RenderingFailed`."""
    return Rendering(schema, env_id=env_id, config=config, collections=collections).secrets()


class Rendering:
    """One rendering of a schema with a config; also collects the values that must not appear in any log or text."""

    def __init__(
        self, schema: UiSchema, *, env_id: UUID, config: JsonValue, collections: Collections
    ) -> None:
        self._schema = schema
        self._inputs = schema.inputs_by_id()
        self._env_id = env_id
        self._too_deep = exceeds_nesting(config)
        self._config: JsonObject = config if isinstance(config, dict) else {}
        self._collections = collections
        self._budget = Budget()
        self._visible: dict[str, bool] = {}
        self.confidential: list[JsonValue] = []

    def values(self) -> JsonObject:
        """Return the values; raise `RenderingFailed`."""
        tree = ValuesTree()
        for output in self._schema.outputs.values:
            result = self._resolve(output.value)
            if not isinstance(result, _Skip):
                tree.write(output.path, result)
        if exceeds_nesting(tree.root, _MAX_VALUES_DEPTH):
            raise RenderingFailed(_Code.TOO_LARGE)
        return tree.root

    def secrets(self) -> dict[str, dict[str, str]]:
        """Return the secrets, without those that have no keys; raise `RenderingFailed`.

        Source: docs/contract/chart-extensions.md, "Rendered secrets".
        """
        rendered = {
            name: self._secret_keys(keys.items()) for name, keys in self._schema.outputs.secrets.items()
        }
        secrets = {name: keys for name, keys in rendered.items() if keys}
        self.confidential.extend(text for keys in secrets.values() for text in keys.values())
        return secrets

    def _secret_keys(self, keys: Iterable[tuple[str, Reference]]) -> dict[str, str]:
        texts: dict[str, str] = {}
        for key, reference in keys:
            result = self._resolve(reference)
            if not isinstance(result, _Skip):
                texts[key] = result if isinstance(result, str) else compact_json(result)
        return texts

    def _resolve(self, reference: Reference) -> JsonValue | _Skip:
        """Resolve in the order of docs/contract/chart-extensions.md, "Resolving a reference", which decides
        which error is reported."""
        if self._too_deep:
            raise RenderingFailed(_Code.TOO_LARGE)
        declared = self._inputs.get(reference.input)
        if declared is None:
            asked = did_you_mean(reference.input, self._inputs)
            raise RenderingFailed(_Code.MISSING_INPUT_SCHEMA, reference.input, remedy=asked)
        match reference:
            case FieldValue():
                value = self._value(declared, null_is_absent=False)
                if declared.sensitive and not isinstance(value, _Skip):
                    self.confidential.append(value)
                return value
            case FieldProperty():
                collection = _collection(declared)
                value = self._value(declared, null_is_absent=True)
                return (
                    value
                    if isinstance(value, _Skip)
                    else self._properties(declared, collection, value, reference)
                )

    def _value(self, declared: Input, *, null_is_absent: bool) -> JsonValue | _Skip:
        """Return the config's value of an input, or skip it. Forms send null for a selection that was never touched.

        Source: docs/contract/chart-extensions.md, "Missing, null and required values".
        """
        if not self._is_visible(declared):
            return _Skip.SKIP
        if declared.id not in self._config or (null_is_absent and self._config[declared.id] is None):
            if declared.required:
                raise RenderingFailed(_Code.MISSING_INPUT_VALUE, declared.id)
            return _Skip.SKIP
        return self._config[declared.id]

    def _is_visible(self, declared: Input) -> bool:
        if declared.id not in self._visible:
            self._visible[declared.id] = visible(declared, self._config, self._budget)
        return self._visible[declared.id]

    def _properties(
        self, declared: Input, collection: CollectionReference, value: JsonValue, reference: FieldProperty
    ) -> JsonValue:
        if not declared.is_array:
            if not isinstance(value, str):
                raise RenderingFailed(_Code.INPUT_NOT_STRING, declared.id)
            return self._property(declared, collection, value, reference.property)
        if not isinstance(value, list):
            raise RenderingFailed(_Code.INPUT_NOT_STRING_ARRAY, declared.id)
        properties: list[JsonValue] = []
        for item in value:
            if not isinstance(item, str):
                raise RenderingFailed(_Code.INPUT_NOT_STRING_ARRAY, declared.id)
            properties.append(self._property(declared, collection, item, reference.property))
        return properties

    def _property(
        self, declared: Input, collection: CollectionReference, item_id: str, name: str
    ) -> JsonValue:
        if declared.sensitive and parse_item_id(item_id) is None:
            raise RenderingFailed(
                _Code.INPUT_NOT_STRING, declared.id
            )  # the error of an invalid id would show the sensitive text
        found = item_property(collection, item_id, name, env_id=self._env_id, collections=self._collections)
        if found.confidential:
            self.confidential.append(found.value)
        return found.value


def _collection(declared: Input) -> CollectionReference:
    if not declared.selects_from_collection:
        raise RenderingFailed(_Code.INPUT_NOT_A_COLLECTION, declared.id)
    reference = parse_reference(declared.collection)
    if reference is None:
        remedy = collection_remedy(declared.collection)
        raise RenderingFailed(_Code.INVALID_COLLECTION_NAME, declared.collection, remedy=remedy)
    return reference
