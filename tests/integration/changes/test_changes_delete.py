"""Deleting a deployment (docs/contract/http-api.md, "Deployments", DELETE)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from platz.changes.deployments import delete_deployment
from platz.db import schema
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.tables import deployments, left_namespaces
from platz.errors import Denied, NotFound
from platz.identities import DeploymentId
from tests.integration.changes.world import World, select_input, values_ui


def test_a_deletion_marks_the_row_and_queues_an_uninstall(world: World) -> None:
    shop = world.installed()
    with world.served(world.cluster):
        world.do(delete_deployment, world.owner, shop)
    row = world.row(shop)
    assert row is not None
    assert (row.status, row.reason) == (DeploymentStatus.DELETING, None)
    assert world.names(shop) == ["Uninstall"]


@pytest.mark.parametrize(
    ("trouble", "served", "reason"),
    [
        ("ignore = true", True, "Cluster blue is ignored"),
        ("ignore = false", False, "No running process of Platz serves cluster blue"),
        ("is_ok = false, not_ok_reason = 'Nothing listens there.'", True, "Nothing listens there"),
    ],
)
def test_a_deletion_that_must_wait_for_the_cluster_says_so(
    world: World, trouble: str, served: bool, reason: str
) -> None:
    shop = world.installed()
    with world.database.transaction() as connection:
        connection.execute(text(f"update k8s_clusters set {trouble} where name = 'blue'"))
    with world.served(*([world.cluster] if served else [])):
        world.do(delete_deployment, world.owner, shop)
    row = world.stored(schema.deployments, shop)
    assert row.status is DeploymentStatus.DELETING
    assert reason in row.reason


def test_a_deletion_cancels_what_waits_in_the_name_of_the_deleter(world: World) -> None:
    shop = world.installed()
    world.update(shop, config={"size": "big"})
    world.do(delete_deployment, world.owner, shop)
    _, upgrade, uninstall = world.tasks(shop, pending=False)
    assert (upgrade.status, upgrade.reason) == (TaskStatus.CANCELED, "The deployment is being deleted.")
    assert upgrade.canceled_by_user_id == world.owner.id
    assert upgrade.finished_at is not None
    assert uninstall.status is TaskStatus.PENDING


def test_a_move_that_waits_is_canceled_and_its_old_place_stays_recorded(world: World) -> None:
    shop = world.installed()
    world.update(shop, name="green")
    world.do(delete_deployment, world.owner, shop)
    _, recreate, upgrade, uninstall = world.tasks(shop, pending=False)
    assert (recreate.status, upgrade.status) == (TaskStatus.CANCELED, TaskStatus.CANCELED)
    assert uninstall.status is TaskStatus.PENDING
    with world.database.reading() as connection:
        assert left_namespaces.of_deployment(connection, shop)


def test_a_second_deletion_changes_nothing(world: World) -> None:
    shop = world.installed()
    for _ in range(2):
        world.do(delete_deployment, world.owner, shop)
    assert world.names(shop) == ["Uninstall"]


@pytest.mark.parametrize("role", ["maintainer", "viewer", "bot"])
def test_only_owners_delete(world: World, role: str) -> None:
    shop = world.installed()
    with pytest.raises(Denied):
        world.do(delete_deployment, getattr(world, role), shop)


def test_an_unknown_deployment_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.do(delete_deployment, world.admin, DeploymentId(uuid4()))


def test_only_a_row_that_is_being_deleted_is_removed(world: World) -> None:
    shop = world.installed()
    assert not world.do(deployments.remove, shop)
    world.do(delete_deployment, world.admin, shop)
    assert world.do(deployments.remove, shop)
    assert world.row(shop) is None


def test_a_deployment_does_not_stand_in_its_own_way(world: World) -> None:
    with world.making() as make:
        chart = make.chart(world.registry, "mirror", values_ui=values_ui(select_input("me", "deployments")))
    shop = world.installed("mirror", helm_chart_id=chart)
    world.update(shop, config={"me": str(shop)})
    world.settle(shop)
    world.do(delete_deployment, world.owner, shop)
    assert world.names(shop) == ["Uninstall"]
