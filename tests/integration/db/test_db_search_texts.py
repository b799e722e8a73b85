"""The texts in which a search looks, while deployments and their charts change at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, insert, select, text, update

from platz.db import schema
from platz.identities import DeploymentId
from tests.integration.changes.world import World, values_ui
from tests.waiting import eventually

WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock')"
)
PASSWORD = "hunter2"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def beside(world: World, pool: ThreadPoolExecutor, first: Executable, second: Executable) -> None:
    """Execute the second statement while the transaction of the first one is open."""
    with world.database.transaction() as connection:
        connection.execute(first)
        later: Future[Any] = pool.submit(world.do, Connection.execute, second)
        eventually(lambda: later.done() or world.do(Connection.scalar, WAITS))
    later.result()


def contents(world: World) -> list[str]:
    with world.database.reading() as connection:
        return list(connection.scalars(select(schema.deployment_search.c.content)))


def with_password(shop: DeploymentId) -> Executable:
    deployments = schema.deployments
    return update(deployments).where(deployments.c.id == shop).values(config={"password": PASSWORD})


def marks_password(world: World) -> Executable:
    form = values_ui({"id": "password", "type": "text", "label": "Password", "sensitive": True})
    charts = schema.helm_charts
    return update(charts).where(charts.c.id == world.chart).values(values_ui=form)


def test_a_form_that_turns_sensitive_hides_what_is_entered_meanwhile(
    world: World, pool: ThreadPoolExecutor
) -> None:
    shop = world.create()
    beside(world, pool, marks_password(world), with_password(shop))
    assert contents(world) == ["blue"]


def test_a_form_that_turns_sensitive_waits_for_what_is_being_entered(
    world: World, pool: ThreadPoolExecutor
) -> None:
    shop = world.create()
    beside(world, pool, with_password(shop), marks_password(world))
    assert contents(world) == ["blue"]


def test_a_form_that_turns_sensitive_hides_the_inputs_of_a_deployment_that_is_made_meanwhile(
    world: World, pool: ThreadPoolExecutor
) -> None:
    made = insert(schema.deployments).values(
        name="new",
        kind_id=world.kind,
        cluster_id=world.cluster,
        helm_chart_id=world.chart,
        config={"password": PASSWORD},
    )
    beside(world, pool, marks_password(world), made)
    assert contents(world) == ["new"]


def test_a_chart_can_change_while_one_of_its_deployments_is_removed(
    world: World, pool: ThreadPoolExecutor
) -> None:
    shop = world.create()
    with world.database.transaction() as connection:
        connection.execute(schema.deployment_tasks.delete())
    removed = schema.deployments.delete().where(schema.deployments.c.id == shop)
    beside(world, pool, removed, marks_password(world))
    assert contents(world) == []
