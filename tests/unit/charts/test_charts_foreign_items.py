"""A deployment may use items of its own environment only.

Source: docs/contract/chart-extensions.md, "Items of other environments".
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.rendering.foreign_items import ForeignItem, refuse_foreign_items
from platz.charts.rendering.item_rows import parse_collection_rows
from platz.charts.rendering.outputs import render_values
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed

HERE, ELSEWHERE = (UUID(int=number) for number in (1, 2))
OWN, FOREIGN, UNKNOWN_ENV, NOWHERE = (str(UUID(int=number)) for number in (11, 12, 13, 14))
LOCAL_TYPE, FOREIGN_TYPE, GLOBAL_TYPE = (str(UUID(int=number)) for number in (21, 22, 23))
CAMPAIGN = {"deployment": "Shop", "type": "campaign"}


def deployment(item_id: str, **env: str) -> dict[str, Any]:
    return {"id": item_id, "name": "a", "kind": "Shop", **env}


def secret(item_id: str, env: UUID) -> dict[str, Any]:
    return {"id": item_id, "env_id": str(env), "name": "a", "contents": "x"}


def resource_type(item_id: str, key: str, env: UUID | None) -> dict[str, Any]:
    return {"id": item_id, "deployment_kind": "Shop", "key": key, "env_id": str(env) if env else None}


ROWS = parse_collection_rows(
    {
        "deployments": [
            deployment(OWN, env_id=str(HERE)),
            deployment(FOREIGN, env_id=str(ELSEWHERE)),
            deployment(UNKNOWN_ENV),
        ],
        "secrets": [secret(OWN, HERE), secret(FOREIGN, ELSEWHERE)],
        "resource_types": [
            resource_type(LOCAL_TYPE, "campaign", HERE),
            resource_type(FOREIGN_TYPE, "elsewhere", ELSEWHERE),
            resource_type(GLOBAL_TYPE, "global", None),
        ],
        "resources": [
            {"id": OWN, "type_id": LOCAL_TYPE, "name": "a"},
            {"id": FOREIGN, "type_id": FOREIGN_TYPE, "name": "b"},
            {"id": UNKNOWN_ENV, "type_id": GLOBAL_TYPE, "name": "c"},
        ],
    }
)


def form(collection: Any, **changes: Any) -> Any:
    declared = {"id": "item", "type": "CollectionSelect", "label": "I", "collection": collection, **changes}
    return parse_ui_schema(
        {
            "inputs": [declared],
            "outputs": {
                "values": [{"path": ["x"], "value": {"FieldProperty": {"input": "item", "property": "name"}}}]
            },
        }
    )


def check(schema: Any, config: Any) -> None:
    refuse_foreign_items(schema, config, env_id=HERE, collections=ROWS)


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("deployments", FOREIGN),
        ("secrets", FOREIGN),
        ("deployments", f"urn:uuid:{FOREIGN}"),
        ("secrets", FOREIGN.replace("-", "")),
        ("elsewhere", FOREIGN),
        ({"deployment": "Shop", "type": "elsewhere"}, FOREIGN),
        (CAMPAIGN, FOREIGN),
    ],
    ids=str,
)
def test_an_item_of_another_environment_is_refused(collection: Any, item: str) -> None:
    with pytest.raises(
        ForeignItem, match='The input "item" selects an item of another environment'
    ) as caught:
        check(form(collection), {"item": item})
    assert caught.value.field == "config"
    with pytest.raises(ForeignItem):
        check(form(collection, type="array", itemType="CollectionSelect"), {"item": [OWN, item]})


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("deployments", OWN),
        ("deployments", UNKNOWN_ENV),
        ("secrets", OWN),
        (CAMPAIGN, OWN),
        ("campaign", OWN),
        ("global", UNKNOWN_ENV),
        ("deployments", NOWHERE),
        ("secrets", NOWHERE),
        (CAMPAIGN, NOWHERE),
        ("users", FOREIGN),
        ({"Deployments": {}}, FOREIGN),
        ("deployments", "no id"),
        ("deployments", None),
        ("deployments", [FOREIGN]),
        ("deployments", 5),
    ],
    ids=str,
)
def test_everything_else_is_accepted(collection: Any, item: Any) -> None:
    check(form(collection), {"item": item})


@pytest.mark.parametrize(
    "hidden",
    [{"showIf": False}, {"showIf": {"var": "on"}}, {"showIfAll": [{"field": "on", "value": True}]}],
    ids=str,
)
def test_hidden_inputs_do_not_count(hidden: Any) -> None:
    check(form("deployments", **hidden), {"item": FOREIGN, "on": False})


def test_a_shown_input_counts_although_it_has_a_condition() -> None:
    with pytest.raises(ForeignItem):
        check(form("deployments", showIf={"var": "on"}), {"item": FOREIGN, "on": True})


@pytest.mark.parametrize("config", [None, [], "x", 5, {}, {"other": FOREIGN}], ids=str)
def test_a_config_without_the_input_selects_nothing(config: Any) -> None:
    check(form("deployments"), config)


def test_an_input_of_another_type_selects_nothing() -> None:
    check(parse_ui_schema({"inputs": [{"id": "item", "type": "text", "label": "I"}]}), {"item": FOREIGN})


@pytest.mark.parametrize("table", ["deployments", "secrets"])
def test_rendering_does_not_find_an_item_of_another_environment(table: str) -> None:
    with pytest.raises(RenderingFailed) as caught:
        render_values(form(table), env_id=HERE, config={"item": FOREIGN}, collections=ROWS)
    assert caught.value.code is RenderingErrorCode.COLLECTION_ITEM_NOT_FOUND
    assert caught.value.parameters == (table, FOREIGN)
    assert render_values(form(table), env_id=HERE, config={"item": OWN}, collections=ROWS) == {"x": "a"}
