"""Who uses an item: the one SQL statement against the pure function of the chart rules, and case by case."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from platz.changes.dependants import (
    deployment_item,
    listed,
    resource_item,
    secret_item,
)
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.rendering.dependencies import uses
from platz.db.dependants import Item, dependants_of
from platz.identities import DeploymentId
from tests.integration.changes.world import Maker, World, select_input, values_ui

ITEM = UUID("3048304f-8fd1-4b80-ba6a-4ecc06dc50cb")
CAMPAIGN = {"deployment": "WebShop", "type": "campaign"}
ITEMS: list[tuple[Item, list[Any]]] = [
    (deployment_item(ITEM), ["deployments"]),
    (secret_item(ITEM), ["secrets"]),
    (resource_item(ITEM, kind_name="WebShop", key="campaign"), [CAMPAIGN, "campaign"]),
]

notations = st.sampled_from(
    [
        str(ITEM),
        ITEM.hex,
        f"{{{ITEM}}}",
        ITEM.urn,
        str(ITEM).upper(),
        f" {ITEM}",
        f"{ITEM}x",
        str(uuid4()),
        "",
    ]
)
values = st.one_of(
    notations,
    st.lists(notations | st.none() | st.integers(0, 1), max_size=3),
    st.none(),
    st.just({"id": str(ITEM)}),
)
ids = st.sampled_from(["a", "b.c", "d'e"])
collections = st.sampled_from(
    [
        "deployments",
        "secrets",
        "campaign",
        "other",
        CAMPAIGN,
        CAMPAIGN | {"extra": 1},
        {"deployment": "WebShop"},
        7,
    ]
)
inputs = st.builds(select_input, ids, collections, array=st.booleans()) | st.builds(
    lambda name: {"id": name, "type": "text", "label": name}, ids
)
schemas = st.lists(inputs, max_size=3).map(lambda given: values_ui(*given))
configs = st.dictionaries(ids, values, max_size=3)


class RolledBack(Exception):
    """Ends a transaction without a trace."""


def install(connection: Connection, world: World, schema: object, config: object, name: str) -> DeploymentId:
    """Insert a deployment whose revision has this schema and config."""
    chart = Maker(connection).chart(world.registry, uuid4().hex, values_ui=schema)
    made = text(
        "with d as (insert into deployments (name, kind_id, cluster_id, helm_chart_id) values (:name, :kind,"
        " :cluster, :chart) returning id), t as (insert into deployment_tasks (cluster_id, deployment_id,"
        " operation, status, started_at, finished_at) select :cluster, id, jsonb_build_object('Upgrade',"
        " jsonb_build_object('helm_chart_id', cast(:chart as text), 'config_inputs', cast(:config as jsonb))),"
        " 'Done', now(), now() from d returning id, deployment_id) select deployment_id, id from t"
    )
    parameters = {
        "name": name,
        "kind": world.kind,
        "cluster": world.cluster,
        "chart": chart,
        "config": orjson.dumps(config).decode(),
    }
    deployment_id, task_id = connection.execute(made, parameters).one()
    connection.execute(
        text("update deployments set revision_id = :task where id = :id"),
        {"task": task_id, "id": deployment_id},
    )
    return deployment_id


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(schemas, configs), min_size=1, max_size=5))
def test_the_statement_finds_exactly_what_the_rules_of_charts_say(
    world: World, revisions: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    with suppress(RolledBack), world.database.transaction() as connection:
        installed = [
            (install(connection, world, schema, config, f"d{number}"), schema, config)
            for number, (schema, config) in enumerate(revisions)
        ]
        for item, references in ITEMS:
            expected = {
                deployment_id
                for deployment_id, schema, config in installed
                for reference in references
                if uses(parse_ui_schema(schema), config, collection=reference, item_id=ITEM)
            }
            assert {found.id for found in dependants_of(connection, item)} == expected
        raise RolledBack


@pytest.mark.parametrize("broken", ["text", [], {"inputs": None}, {"inputs": [1, None, {}]}, {}], ids=repr)
def test_a_broken_stored_schema_has_no_inputs_and_fails_nobody_else(world: World, broken: object) -> None:
    with world.database.transaction() as connection:
        config = {"a": str(ITEM)}
        install(connection, world, broken, config, "broken")
        good = install(connection, world, values_ui(select_input("a", "secrets")), config, "good")
        assert [found.id for found in dependants_of(connection, secret_item(ITEM))] == [good]


def test_what_is_wanted_but_not_installed_does_not_count(world: World) -> None:
    with world.making() as make:
        secret = make.secret(world.env)
        chart = make.chart(world.registry, "2.0.0", values_ui=values_ui(select_input("a", "secrets")))
    world.create("waiting", helm_chart_id=chart, config={"a": str(secret)})
    assert world.do(dependants_of, secret_item(secret)) == []


def test_a_key_that_is_a_tables_name_is_no_legacy_notation(world: World) -> None:
    with world.database.transaction() as connection:
        install(connection, world, values_ui(select_input("a", "users")), {"a": str(ITEM)}, "x")
        assert dependants_of(connection, resource_item(ITEM, kind_name="WebShop", key="users")) == []


def test_dependants_are_listed_oldest_first_with_their_kinds(world: World) -> None:
    for name in ("one", "two"):
        with world.database.transaction() as connection:
            install(connection, world, values_ui(select_input("a", "secrets")), {"a": str(ITEM)}, name)
    kind = world.kind
    expected = f"one (Kind ID: {kind}), two (Kind ID: {kind})"
    assert listed(world.do(dependants_of, secret_item(ITEM))) == expected
