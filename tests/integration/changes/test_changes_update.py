"""Updating a deployment (docs/contract/http-api.md, "Deployments", PUT)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from claims import new_claim

from platz.changes.deployments import delete_deployment
from platz.db import schema, task_queue
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.tables import deployments, task_waits, tasks
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import ChartId, Deployment, DeploymentId, TaskId
from platz.tasks.operations import Install, Recreate, Reinstall, Upgrade
from tests.integration.changes.world import World, features, select_input, values_ui


@pytest.fixture
def shop(world: World) -> DeploymentId:
    """Give an installed deployment."""
    return world.installed("blue", config={"size": "small"})


def test_an_unknown_deployment_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.update(DeploymentId(uuid4()), enabled=False)


def test_a_changed_config_is_an_upgrade_with_its_delta(world: World, shop: DeploymentId) -> None:
    world.update(shop, config={"size": "big"}, by=world.maintainer)
    assert world.stored(schema.deployments, shop).config == {"size": "big"}
    assert world.operations(shop) == [
        Upgrade(
            helm_chart_id=world.chart,
            prev_helm_chart_id=world.chart,
            config_inputs={"size": "big"},
            config_delta={"size": ["small", "big"]},
            values_override={},
        )
    ]


@pytest.mark.parametrize(
    "fields", [{"values_override": {"replicas": 2}}, {"config": {"size": None}}], ids=str
)
def test_another_override_or_config_is_an_upgrade(
    world: World, shop: DeploymentId, fields: dict[str, Any]
) -> None:
    world.update(shop, **fields)
    assert world.names(shop) == ["Upgrade"]


def test_another_chart_is_an_upgrade_from_the_previous_one(world: World, shop: DeploymentId) -> None:
    world.update(shop, helm_chart_id=world.next_chart)
    [upgrade] = world.operations(shop)
    assert isinstance(upgrade, Upgrade)
    assert (upgrade.helm_chart_id, upgrade.prev_helm_chart_id) == (world.next_chart, world.chart)


def test_the_whole_row_sent_back_unchanged_has_no_effect(world: World, shop: DeploymentId) -> None:
    row = world.row(shop)
    assert row is not None
    given = {
        key: value
        for key, value in row._asdict().items()
        if key in {"name", "cluster_id", "config", "enabled"}
    }
    world.update(shop, **given, helm_chart_id=row.helm_chart_id, values_override=row.values_override)
    assert world.row(shop) == row
    assert world.operations(shop) == []


def test_a_description_alone_queues_nothing(world: World, shop: DeploymentId) -> None:
    world.update(shop, description_md="*new*")
    assert world.stored(schema.deployments, shop).description_md == "*new*"
    assert world.operations(shop) == []


def test_null_means_not_given(world: World, shop: DeploymentId) -> None:
    world.update(shop, config=None, values_override=None, description_md=None)
    assert world.stored(schema.deployments, shop).config == {"size": "small"}
    assert world.operations(shop) == []


def test_a_rename_recreates_and_then_upgrades(world: World, shop: DeploymentId) -> None:
    world.update(shop, name="green")
    recreate, upgrade = world.operations(shop)
    assert recreate == Recreate(
        old_cluster_id=world.cluster,
        old_namespace="webshop-blue",
        new_cluster_id=world.cluster,
        new_namespace="webshop-green",
    )
    assert isinstance(upgrade, Upgrade)
    assert upgrade.config_delta == {}


def test_a_move_queues_for_the_new_cluster(world: World, shop: DeploymentId) -> None:
    world.update(shop, cluster_id=world.second_cluster)
    assert [task.cluster_id for task in world.tasks(shop)] == [world.second_cluster] * 2
    assert world.names(shop) == ["Recreate", "Upgrade"]


def test_waiting_tasks_move_with_the_deployment(world: World, shop: DeploymentId) -> None:
    world.update(shop, config={"size": "big"})
    world.update(shop, cluster_id=world.second_cluster)
    assert {task.cluster_id for task in world.tasks(shop)} == {world.second_cluster}
    assert world.names(shop) == ["Upgrade", "Recreate", "Upgrade"]


def test_an_uninstall_stays_with_the_cluster_it_is_about(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    with world.served(world.cluster):
        world.update(shop, cluster_id=world.second_cluster)
    [task] = world.tasks(shop)
    assert task.cluster_id == world.cluster


def test_no_task_waits_in_a_cluster_that_nobody_serves(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    world.update(shop, enabled=True, cluster_id=world.second_cluster)
    assert world.names(shop) == ["Uninstall", "Install"]
    assert {task.cluster_id for task in world.tasks(shop)} == {world.second_cluster}


def test_a_recreate_into_a_cluster_follows_the_deployment_out_of_it(world: World, shop: DeploymentId) -> None:
    world.update(shop, cluster_id=world.second_cluster)
    with world.served(world.second_cluster):
        world.update(shop, cluster_id=world.cluster)
    assert {task.cluster_id for task in world.tasks(shop)} == {world.cluster}


def test_disabling_uninstalls_in_the_old_cluster(world: World, shop: DeploymentId) -> None:
    with world.served(world.cluster):
        world.update(shop, enabled=False, cluster_id=world.second_cluster)
    [task] = world.tasks(shop)
    assert world.names(shop) == ["Uninstall"]
    assert task.cluster_id == world.cluster


def test_enabling_installs_what_is_wanted_now(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    world.settle(shop)
    world.update(shop, enabled=True, config={"size": "huge"}, name="green")
    assert world.operations(shop) == [
        Install(helm_chart_id=world.chart, config_inputs={"size": "huge"}, values_override={})
    ]


def test_changes_of_a_disabled_deployment_queue_nothing(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    world.settle(shop)
    world.update(shop, name="green", config={"size": "big"}, helm_chart_id=world.next_chart)
    assert world.operations(shop) == []


@pytest.mark.parametrize("role", ["admin", "env_admin", "owner", "maintainer", "bot"])
def test_maintainers_may_edit(world: World, shop: DeploymentId, role: str) -> None:
    world.update(shop, config={"by": role}, by=getattr(world, role))
    [task] = world.tasks(shop)
    assert world.creator(task.id) == getattr(world, role)


def test_viewers_may_not_edit(world: World, shop: DeploymentId) -> None:
    with pytest.raises(Denied):
        world.update(shop, config={}, by=world.viewer)


def test_a_deployment_edits_itself_only(world: World, shop: DeploymentId) -> None:
    foreign = world.installed("far", cluster_id=world.foreign_cluster)
    world.update(shop, config={"by": "itself"}, by=Deployment(id=shop))
    with pytest.raises(Denied):
        world.update(shop, config={"by": "friend"}, by=Deployment(id=world.create("friend")))
    with pytest.raises(NotFound):
        world.update(foreign, config={"by": "stranger"}, by=Deployment(id=shop))


@pytest.mark.parametrize("role", ["maintainer", "viewer"])
def test_switching_off_is_for_owners(world: World, shop: DeploymentId, role: str) -> None:
    with pytest.raises(Denied):
        world.update(shop, enabled=False, by=getattr(world, role))


def test_enabled_that_is_given_but_not_changed_needs_no_owner(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=True, config={"size": "big"}, by=world.maintainer)
    assert world.names(shop) == ["Upgrade"]


def test_a_move_needs_the_right_in_the_new_cluster_too(world: World, shop: DeploymentId) -> None:
    with pytest.raises(NotFound):
        world.update(shop, cluster_id=world.foreign_cluster, by=world.maintainer)
    with pytest.raises(Denied):
        world.update(shop, cluster_id=world.stray_cluster)


def test_the_new_name_must_be_a_dns_label_and_free(world: World, shop: DeploymentId) -> None:
    world.create("green")
    with pytest.raises(Rejected) as refusal:
        world.update(shop, name="Green!")
    assert refusal.value.field == "name"
    with pytest.raises(Conflict, match="webshop-green"):
        world.update(shop, name="green")


def test_a_move_needs_a_free_place(world: World, shop: DeploymentId) -> None:
    world.create("blue", cluster_id=world.second_cluster)
    with pytest.raises(Conflict, match="webshop-blue"):
        world.update(shop, cluster_id=world.second_cluster)


def test_an_old_invalid_name_that_stays_is_no_obstacle(world: World, shop: DeploymentId) -> None:
    with world.making() as make:
        make.connection.exec_driver_sql("update deployments set name = 'Old_Name'")
    world.update(shop, name="Old_Name", config={"size": "big"})
    assert world.names(shop) == ["Upgrade"]


def test_the_new_chart_must_be_of_the_kind_and_exist(world: World, shop: DeploymentId) -> None:
    with world.making() as make:
        stranger = make.chart(make.registry("other", make.kind("Other")), "1.0.0")
    with pytest.raises(Rejected) as refusal:
        world.update(shop, helm_chart_id=stranger)
    assert refusal.value.field == "helm_chart_id"
    with pytest.raises(NotFound):
        world.update(shop, helm_chart_id=ChartId(uuid4()))


def test_a_named_deployment_can_not_become_one_per_cluster(world: World, shop: DeploymentId) -> None:
    with world.making() as make:
        single = make.chart(world.registry, "single", features=features(cardinality="OnePerCluster"))
    with pytest.raises(Conflict, match="one per cluster"):
        world.update(shop, helm_chart_id=single)


def test_what_is_being_deleted_can_not_be_changed(world: World, shop: DeploymentId) -> None:
    world.do(delete_deployment, world.admin, shop)
    with pytest.raises(Conflict, match="being deleted"):
        world.update(shop, config={"size": "big"})


def test_unreadable_features_are_a_conflict_and_nothing_is_saved(world: World, shop: DeploymentId) -> None:
    with world.making() as make:
        broken = make.chart(world.registry, "broken", features={"cardinality": 7})
    with pytest.raises(Conflict, match="broken"):
        world.update(shop, helm_chart_id=broken)
    assert world.operations(shop) == []


def test_a_refused_update_saves_nothing(world: World, shop: DeploymentId) -> None:
    with pytest.raises(Rejected):
        world.update(shop, config={"size": "big"}, name="Bad!")
    row = world.row(shop)
    assert row is not None
    assert row.config == {"size": "small"}


def test_a_recreate_that_fails_takes_its_upgrade_along(world: World, shop: DeploymentId) -> None:
    world.update(shop, name="green")
    world.update(shop, config={"size": "big"})
    recreate, upgrade, later = world.tasks(shop)
    assert upgrade.created_at - recreate.created_at == tasks.NEXT_PLACE

    world.do(task_waits.end_what_waits, [recreate.id], "The old namespace could not be deleted")

    by_id = {task.id: task for task in world.tasks(shop, pending=False)}
    assert by_id[upgrade.id].status is TaskStatus.FAILED
    assert by_id[upgrade.id].finished_at is not None
    assert by_id[upgrade.id].reason == (
        "The step before this one failed: The old namespace could not be deleted"
    )
    assert by_id[later.id].status is TaskStatus.PENDING


def test_an_upgrade_of_its_own_is_never_taken_for_the_one_of_a_pair(world: World, shop: DeploymentId) -> None:
    world.update(shop, config={"size": "big"})
    [upgrade] = world.tasks(shop)
    world.do(task_waits.end_what_waits, [upgrade.id], "no")
    assert world.tasks(shop) == [upgrade]


@pytest.fixture
def front(world: World, shop: DeploymentId) -> DeploymentId:
    """Give an installed deployment that uses the shop."""
    with world.making() as make:
        registry = make.registry("front", make.kind("Front"))
        chart = make.chart(registry, "1.0.0", values_ui=values_ui(select_input("shop", "deployments")))
        kind = make.connection.exec_driver_sql(
            "select id from deployment_kinds where name = 'Front'"
        ).scalar_one()
    return world.installed("front", kind_id=kind, helm_chart_id=chart, config={"shop": str(shop)})


@pytest.mark.usefixtures("front")
def test_a_deployment_in_use_can_not_be_disabled_or_deleted(world: World, shop: DeploymentId) -> None:
    with pytest.raises(
        Conflict, match=r"can't be disabled because other deployments depend on it: front \(Kind ID: "
    ):
        world.update(shop, enabled=False)
    with pytest.raises(
        Conflict, match=r"can't be deleted because other deployments depend on it: front \(Kind ID: "
    ):
        world.do(delete_deployment, world.admin, shop)


def test_a_deployment_that_only_a_disabled_one_uses_can_be_disabled_but_not_deleted(
    world: World, shop: DeploymentId, front: DeploymentId
) -> None:
    with world.making() as make:  # as long as its Uninstall did not run, a disabled deployment has a revision
        make.connection.exec_driver_sql("update deployments set enabled = false where name = 'front'")
    world.update(shop, enabled=False)
    with pytest.raises(Conflict):
        world.do(delete_deployment, world.admin, shop)
    assert world.operations(front) == []


@pytest.mark.parametrize("change", [{"name": "green"}, {"name": "green", "config": {"size": "big"}}], ids=str)
def test_a_rename_reinstalls_dependants(
    world: World, shop: DeploymentId, front: DeploymentId, change: dict[str, Any]
) -> None:
    world.update(shop, by=world.maintainer, **change)
    assert world.operations(front) == [Reinstall(reason="The blue deployment has been updated")]
    [task] = world.tasks(front)
    assert world.creator(task.id) == world.maintainer


def test_dependants_are_reinstalled_after_the_change_that_they_depend_on(
    world: World, shop: DeploymentId, front: DeploymentId
) -> None:
    world.update(shop, name="green")
    recreate, upgrade = (task.id for task in world.tasks(shop))
    [reinstall] = (task.id for task in world.tasks(front))
    assert due_one_after_another(world) == [recreate, upgrade, reinstall]


def test_when_a_change_fails_its_dependants_are_not_reinstalled(
    world: World, shop: DeploymentId, front: DeploymentId
) -> None:
    world.update(shop, name="green")
    recreate, upgrade = (task.id for task in world.tasks(shop))
    [reinstall] = world.tasks(front)
    world.do(task_waits.end_what_waits, [recreate], "No room.")
    by_id = {
        task.id: task for task in [*world.tasks(shop, pending=False), *world.tasks(front, pending=False)]
    }
    assert (by_id[upgrade].status, by_id[reinstall.id].status) == (TaskStatus.FAILED, TaskStatus.CANCELED)
    assert by_id[reinstall.id].canceled_by_deployment_id == shop
    assert by_id[reinstall.id].reason == (
        "The change of green, which this deployment depends on, was not carried out: No room."
    )
    row = world.row(front)
    assert row is not None
    assert row.status is DeploymentStatus.RUNNING


def due_one_after_another(world: World) -> list[TaskId]:
    """Claim and finish whatever is due, one task at a time, in the order in which that is possible."""
    claim, done = new_claim(world.database), list[TaskId]()
    while True:
        with world.database.transaction() as connection:
            claimed = task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=100)
            for task in claimed:
                task_queue.mark_ended(connection, task.id, claim, TaskStatus.DONE, "")
        if not claimed:
            return done
        done += [task.id for task in claimed]


def test_a_new_config_reinstalls_dependants_only_if_the_new_chart_says_so(
    world: World, shop: DeploymentId, front: DeploymentId
) -> None:
    world.update(shop, config={"size": "big"})
    assert world.names(front) == []
    with world.making() as make:
        chart = make.chart(world.registry, "2.0.0", features=features())
    world.update(shop, helm_chart_id=chart)
    assert world.names(front) == ["Reinstall"]


def test_a_dependant_that_is_being_deleted_is_not_reinstalled(
    world: World, shop: DeploymentId, front: DeploymentId
) -> None:
    world.do(delete_deployment, world.admin, front)
    world.update(shop, name="green")
    assert world.names(front) == ["Uninstall"]


def test_the_status_of_a_deletion_is_not_overwritten(world: World, shop: DeploymentId) -> None:
    world.do(delete_deployment, world.admin, shop)
    assert not world.do(deployments.set_status, shop, DeploymentStatus.RUNNING)
    row = world.row(shop)
    assert row is not None
    assert row.status is DeploymentStatus.DELETING
