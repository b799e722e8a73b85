"""A deployment's inputs select items of its own environment only, when it is created and when it changes.

Source: docs/contract/chart-extensions.md, "Items of other environments".
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from platz.errors import Rejected
from platz.identities import ChartId
from tests.integration.changes.world import World, select_input, values_ui

REFUSED = "selects an item of another environment"


@pytest.fixture
def chart(world: World) -> ChartId:
    """Give a chart whose form selects a deployment, a secret, a resource, and a deployment only at times."""
    form = values_ui(
        select_input("shop", "deployments"),
        select_input("key", "secrets"),
        select_input("campaign", {"deployment": "WebShop", "type": "campaign"}),
        select_input("hidden", "deployments", showIf={"var": "on"}),
    )
    with world.making() as make:
        return make.chart(make.registry("selecting", world.kind), "1.0.0", values_ui=form)


@pytest.fixture
def own(world: World) -> dict[str, UUID]:
    """Give items of the environment, by input."""
    with world.making() as make:
        secret = make.secret(world.env)
        resource = make.resource(make.resource_type(world.kind, "campaign", world.env), None)
    return {"shop": world.create("own"), "key": secret, "campaign": resource}


@pytest.fixture
def foreign(world: World) -> dict[str, UUID]:
    """Give items of another environment, by input."""
    with world.making() as make:
        secret = make.secret(world.other_env)
        resource = make.resource(make.resource_type(world.kind, "campaign", world.other_env), None)
    shop = world.create("far", cluster_id=world.foreign_cluster)
    return {"shop": shop, "key": secret, "campaign": resource, "hidden": shop}


def create(world: World, chart: ChartId, **config: Any) -> Any:
    answers = {key: str(value) if isinstance(value, UUID) else value for key, value in config.items()}
    return world.create("new", helm_chart_id=chart, config=answers)


@pytest.mark.parametrize("name", ["shop", "key", "campaign"])
def test_an_item_of_another_environment_is_refused_at_creation(
    world: World, chart: ChartId, own: dict[str, UUID], foreign: dict[str, UUID], name: str
) -> None:
    with pytest.raises(Rejected, match=f'The input "{name}" {REFUSED}'):
        create(world, chart, **{**own, name: foreign[name]})


def test_items_of_the_own_environment_are_accepted(
    world: World, chart: ChartId, own: dict[str, UUID], foreign: dict[str, UUID]
) -> None:
    assert foreign
    assert create(world, chart, **own)


def test_a_resource_of_a_global_type_is_for_every_environment(world: World, chart: ChartId) -> None:
    with world.making() as make:
        resource = make.resource(make.resource_type(world.kind, "campaign", None), None)
    assert create(world, chart, campaign=resource)


def test_hidden_inputs_and_items_that_do_not_exist_do_not_count(
    world: World, chart: ChartId, foreign: dict[str, UUID]
) -> None:
    with pytest.raises(Rejected, match=REFUSED):
        create(world, chart, hidden=foreign["hidden"], on=True)
    assert create(world, chart, hidden=foreign["hidden"], on=False, shop=uuid4(), key="none")


def test_an_update_of_the_config_is_refused(
    world: World, chart: ChartId, own: dict[str, UUID], foreign: dict[str, UUID]
) -> None:
    deployment = create(world, chart, **own)
    before = world.row(deployment)
    with pytest.raises(Rejected, match=REFUSED):
        world.update(deployment, config={"shop": str(foreign["shop"])})
    assert world.row(deployment) == before


def test_a_move_to_another_environment_is_refused_while_items_of_the_old_one_are_selected(
    world: World, chart: ChartId, own: dict[str, UUID]
) -> None:
    deployment = create(world, chart, shop=own["shop"])
    world.settle(deployment)
    with pytest.raises(Rejected, match=REFUSED):
        world.update(deployment, cluster_id=world.foreign_cluster)
    world.update(deployment, cluster_id=world.foreign_cluster, config={})


def test_other_updates_of_a_deployment_that_selected_before_the_rule_are_accepted(
    world: World, chart: ChartId, foreign: dict[str, UUID]
) -> None:
    deployment = create(world, chart)
    with world.making() as make:
        make.connection.exec_driver_sql(
            "update deployments set config = jsonb_build_object('shop', %s::text) where id = %s",
            (str(foreign["shop"]), deployment),
        )
    world.update(deployment, description_md="Still here")
    world.update(deployment, enabled=False)
