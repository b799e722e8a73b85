"""Selected items that belong to another environment.

Invariant: only the answers of visible inputs count, and only items that exist. Whether others can be resolved shows
when values are rendered. A resource belongs to the environment of its type; those of global types are for all.

Source: docs/contract/chart-extensions.md, "Items of other environments".
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from platz.charts.documents.collections import CollectionReference, Table, parse_reference
from platz.charts.documents.ui_schema import Input, UiSchema
from platz.charts.jsonlogic.evaluation import Budget
from platz.charts.reading.json_text import exceeds_nesting
from platz.charts.reading.problems import quoted
from platz.charts.rendering.chosen_items import Collections, parse_item_id
from platz.charts.rendering.conditions import visible
from platz.errors import Rejected
from platz.json import JsonValue


class ForeignItem(Rejected):
    """An input selects an item of another environment."""


def refuse_foreign_items(
    schema: UiSchema, config: JsonValue, *, env_id: UUID, collections: Collections
) -> None:
    """Raise `ForeignItem` if a visible input selects an item of another environment than this one."""
    if not isinstance(config, dict) or exceeds_nesting(config):
        return
    budget = Budget()
    for declared in schema.inputs_by_id().values():
        reference = parse_reference(declared.collection) if declared.selects_from_collection else None
        ids = list(_ids(declared, config.get(declared.id))) if reference else []
        if reference is not None and ids and visible(declared, config, budget):
            for item_id in ids:
                if _is_foreign(reference, item_id, env_id, collections):
                    raise ForeignItem(
                        f"The input {quoted(declared.id)} selects an item of another environment. Select one of this"
                        " environment.",
                        field="config",
                    )


def _ids(declared: Input, answer: JsonValue) -> Iterator[UUID]:
    for text in answer if declared.is_array and isinstance(answer, list) else [answer]:
        item_id = parse_item_id(text) if isinstance(text, str) else None
        if item_id is not None:
            yield item_id


def _is_foreign(
    reference: CollectionReference, item_id: UUID, env_id: UUID, collections: Collections
) -> bool:
    return _home(reference, item_id, collections) not in {None, env_id}


def _home(reference: CollectionReference, item_id: UUID, collections: Collections) -> UUID | None:
    """Return the environment of an item; None if there is no such item, or if it is for all of them."""
    if not isinstance(reference, Table):
        return collections.resource_env(item_id)
    found = {"deployments": collections.deployment, "secrets": collections.secret}.get(reference.name)
    item = found(item_id) if found else None
    return None if item is None else item.env_id
