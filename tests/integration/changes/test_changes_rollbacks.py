"""Going back to an earlier revision (docs/contract/http-api.md, "Rolling back a deployment")."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from platz.changes.deployments import delete_deployment
from platz.changes.rollbacks import rollback_deployment
from platz.db import schema
from platz.db.tables import deployments
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import DeploymentId, Identity, TaskId
from platz.tasks.operations import Reinstall, Upgrade
from tests.integration.changes.world import World, features, select_input, values_ui


@pytest.fixture
def shop(world: World) -> DeploymentId:
    """Give a deployment with two revisions: small with the first chart, and big with the next one, which runs."""
    shop = world.installed("blue", config={"size": "small"}, values_override={"replicas": 1})
    world.update(
        shop, helm_chart_id=world.next_chart, config={"size": "big"}, values_override={"replicas": 2}
    )
    world.settle(shop)
    return shop


def revisions(world: World, shop: DeploymentId) -> list[TaskId]:
    """The ids of the deployment's Installs and Upgrades, oldest first."""
    tasks = world.tasks(shop, pending=False)
    return [TaskId(task.id) for task in tasks if next(iter(task.operation)) in {"Install", "Upgrade"}]


def go_back(
    world: World, shop: DeploymentId, revision: UUID | None = None, *, by: Identity | None = None
) -> None:
    revision_id = TaskId(revision) if revision else revisions(world, shop)[0]
    world.do(rollback_deployment, by or world.maintainer, shop, revision_id, cipher=world.cipher)


def spoil(world: World, statement: str, **bound: object) -> None:
    with world.database.transaction() as connection:
        connection.execute(text(statement), bound)


def test_chart_inputs_and_override_of_then_come_back_as_an_upgrade(world: World, shop: DeploymentId) -> None:
    go_back(world, shop)
    row = world.stored(schema.deployments, shop)
    assert (row.helm_chart_id, row.config, row.values_override) == (
        world.chart,
        {"size": "small"},
        {"replicas": 1},
    )
    [upgrade] = world.operations(shop)
    assert isinstance(upgrade, Upgrade)
    assert (upgrade.helm_chart_id, upgrade.prev_helm_chart_id) == (world.chart, world.next_chart)
    assert upgrade.config_delta == {"size": ["big", "small"]}


def test_the_task_says_what_it_brings_back_and_what_it_undoes(world: World, shop: DeploymentId) -> None:
    first, second = revisions(world, shop)
    go_back(world, shop)
    [upgrade] = world.operations(shop)
    assert isinstance(upgrade, Upgrade)
    assert upgrade.reason is not None
    assert upgrade.reason.startswith(f"Rollback to revision {first} (chart 1.0.0, ")
    assert f"this undoes revision {second} (chart 1.1.0, " in upgrade.reason


def test_a_plain_update_gives_no_reason(world: World, shop: DeploymentId) -> None:
    world.update(shop, config={"size": "huge"})
    [task] = world.tasks(shop)
    assert "reason" not in task.operation["Upgrade"]


def test_what_a_failed_upgrade_changed_is_undone_by_going_back_to_what_ran_before(
    world: World, shop: DeploymentId
) -> None:
    world.update(shop, config={"size": "broken"})
    spoil(world, "update deployment_tasks set status = 'Failed' where status = 'Pending'")
    go_back(world, shop, revisions(world, shop)[1])
    [upgrade] = world.operations(shop)
    assert isinstance(upgrade, Upgrade)
    assert upgrade.config_inputs == {"size": "big"}
    assert "this undoes what was changed since" in (upgrade.reason or "")


def test_name_cluster_and_description_stay(world: World, shop: DeploymentId) -> None:
    world.update(shop, name="green", cluster_id=world.second_cluster, description_md="*mine*")
    world.settle(shop)
    go_back(world, shop)
    row = world.stored(schema.deployments, shop)
    assert (row.name, row.cluster_id, row.description_md) == ("green", world.second_cluster, "*mine*")
    assert world.names(shop) == ["Upgrade"]


def test_a_revision_without_config_or_override_brings_back_empty_ones(
    world: World, shop: DeploymentId
) -> None:
    spoil(
        world,
        "update deployment_tasks set operation ="
        " jsonb_set(operation, '{Install}', operation->'Install' || '{\"config_inputs\": null,"
        ' "values_override": null}\') where id = :id',
        id=revisions(world, shop)[0],
    )
    go_back(world, shop)
    row = world.stored(schema.deployments, shop)
    assert (row.config, row.values_override) == ({}, {})


def test_sensitive_inputs_come_back_and_stay_encrypted(world: World) -> None:
    form = values_ui({"id": "password", "type": "text", "label": "Password", "sensitive": True})
    with world.making() as make:
        chart = make.chart(world.registry, "2.0.0", values_ui=form)
    shop = world.installed("blue", helm_chart_id=chart, config={"password": "first"})
    world.update(shop, config={"password": "second"})
    world.settle(shop)
    go_back(world, shop)
    row = world.do(deployments.get, shop)
    assert row is not None
    assert "first" not in str(row.config)
    [upgrade] = world.operations(shop)
    assert "first" not in str(upgrade)
    assert "second" not in str(upgrade)


def test_dependants_are_reinstalled_as_after_an_update(world: World) -> None:
    form = values_ui(select_input("shop", "deployments"))
    with world.making() as make:
        first = make.chart(world.registry, "3.0.0", features=features(reinstall_dependencies=True))
        user_chart = make.chart(world.registry, "3.1.0", values_ui=form)
    shop = world.installed("blue", helm_chart_id=first, config={"size": "small"})
    user = world.installed("user", helm_chart_id=user_chart, config={"shop": str(shop)})
    world.update(shop, config={"size": "big"})
    world.settle(shop)
    world.settle(user)
    go_back(world, shop)
    assert [type(each) for each in world.operations(user)] == [Reinstall]


def test_a_second_request_changes_nothing_and_says_so(world: World, shop: DeploymentId) -> None:
    go_back(world, shop)
    with pytest.raises(Conflict, match="already has the chart, inputs and override"):
        go_back(world, shop)
    assert world.names(shop) == ["Upgrade"]


def test_what_runs_now_is_refused(world: World, shop: DeploymentId) -> None:
    with pytest.raises(Conflict, match="nothing to go back to"):
        go_back(world, shop, revisions(world, shop)[1])
    assert world.names(shop) == []


@pytest.mark.parametrize("status", ["Pending", "Started", "Failed", "Canceled"])
def test_a_revision_that_never_succeeded_is_refused(world: World, shop: DeploymentId, status: str) -> None:
    first = revisions(world, shop)[0]
    finished = None if status in {"Pending", "Started"} else "2024-01-01T00:00:00Z"
    spoil(
        world,
        "update deployment_tasks set status = :status, started_at = now(), finished_at = :finished,"
        " canceled_by_user_id = :user where id = :id",
        status=status,
        finished=finished,
        user=world.admin.id if status == "Canceled" else None,
        id=first,
    )
    with pytest.raises(Conflict, match=f"never succeeded: it is {status}"):
        go_back(world, shop, first)


def test_a_task_that_installs_nothing_is_no_revision(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    world.settle(shop)
    uninstall = world.tasks(shop, pending=False)[-1]
    with pytest.raises(Conflict, match="A task of the kind Uninstall is no revision"):
        go_back(world, shop, uninstall.id)


def test_a_revision_of_another_deployment_is_like_one_that_does_not_exist(
    world: World, shop: DeploymentId
) -> None:
    other = world.installed("other")
    sentences = set[str]()
    for revision in (revisions(world, other)[0], uuid4()):
        with pytest.raises(Rejected) as refusal:
            go_back(world, shop, revision)
        assert refusal.value.field == "revision_id"
        sentences.add(refusal.value.message)
    assert len(sentences) == 1


def test_a_chart_that_is_gone_is_refused(world: World, shop: DeploymentId) -> None:
    spoil(world, "delete from helm_charts where id = :id", id=world.chart)
    with pytest.raises(Conflict, match="does not exist any more"):
        go_back(world, shop)


def test_a_chart_that_was_removed_from_its_registry_is_refused(world: World, shop: DeploymentId) -> None:
    spoil(world, "update helm_charts set available = false where id = :id", id=world.chart)
    with pytest.raises(Conflict, match=r"1\.0\.0, was removed from its registry"):
        go_back(world, shop)


def test_a_disabled_deployment_is_refused_and_unchanged(world: World, shop: DeploymentId) -> None:
    world.update(shop, enabled=False)
    world.settle(shop)
    before = world.row(shop)
    with pytest.raises(Conflict, match="Enable it first"):
        go_back(world, shop)
    assert world.row(shop) == before


def test_a_disabled_deployment_is_refused_before_anything_is_compared(
    world: World, shop: DeploymentId
) -> None:
    world.update(shop, enabled=False)
    world.settle(shop)
    with pytest.raises(Conflict, match="Enable it first"):
        go_back(world, shop, revisions(world, shop)[1])


@pytest.mark.parametrize("enabled", [True, False])
def test_a_deployment_that_is_being_deleted_is_refused(
    world: World, shop: DeploymentId, enabled: bool
) -> None:
    world.update(shop, enabled=enabled)
    world.do(delete_deployment, world.admin, shop)
    with pytest.raises(Conflict, match="is being deleted"):
        go_back(world, shop)


def test_those_without_the_right_learn_nothing_about_revisions(world: World, shop: DeploymentId) -> None:
    for revision in (revisions(world, shop)[0], uuid4()):
        with pytest.raises(Denied):
            go_back(world, shop, revision, by=world.viewer)


def test_an_unknown_deployment_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        go_back(world, DeploymentId(uuid4()), uuid4())
