"""The items of collections that a config uses.

Invariant: an item counts as used if rendering could resolve it: ids in any notation, elements of array inputs, and
references to collections with extra keys. Conditions, outputs and ``required`` play no role.

Source: docs/contract/chart-extensions.md, "Items that a config uses".
"""

from __future__ import annotations

from uuid import UUID

from platz.charts.documents.collections import parse_reference
from platz.charts.documents.ui_schema import UiSchema
from platz.charts.rendering.chosen_items import parse_item_id
from platz.json import JsonValue


def uses(schema: UiSchema, config: JsonValue, *, collection: JsonValue, item_id: UUID) -> bool:
    """Tell whether a config of this schema points to the item.

    ``collection`` is written as charts write it: ``"deployments"``, ``"secrets"``,
    ``{"deployment": kind, "type": key}`` or a resource type's key alone.
    """
    reference = parse_reference(collection)
    if reference is None or not isinstance(config, dict):
        return False
    return any(
        _points_to(config.get(declared.id), item_id, is_array=declared.is_array)
        for declared in schema.inputs
        if declared.selects_from_collection and parse_reference(declared.collection) == reference
    )


def _points_to(value: JsonValue, item_id: UUID, *, is_array: bool) -> bool:
    match value:
        case str():
            return parse_item_id(value) == item_id
        case list() if is_array:
            return any(parse_item_id(element) == item_id for element in value if isinstance(element, str))
        case _:
            return False
