"""Stopping tasks: one that waits is cancelled at once, one that runs is left to its runner.

Source: docs/contract/http-api.md, "Stopping a task".
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from claims import new_claim
from sqlalchemy import Row

from platz.changes import task_stops
from platz.changes.deployments import delete_deployment
from platz.changes.reinstalls import reinstall
from platz.changes.task_stops import stop_task
from platz.db import task_queue
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.tables import deployments
from platz.errors import Conflict, Denied, NotFound
from platz.identities import DeploymentId, Identity, TaskId
from tests.integration.changes.world import World


@pytest.fixture
def served(world: World) -> Iterator[None]:
    with world.served(world.cluster):
        yield


def newest(world: World, deployment: DeploymentId) -> Row:  # type: ignore[type-arg]
    return world.tasks(deployment, pending=False)[-1]


def stop(world: World, task: Row, by: Identity | None = None, reason: str | None = None) -> None:  # type: ignore[type-arg]
    world.do(stop_task, by or world.maintainer, TaskId(task.id), reason)


def begin(world: World) -> None:
    """Let a runner claim what is due."""
    with world.database.transaction() as connection:
        claim = new_claim(world.database)
        assert task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=9)


def test_a_task_that_waits_is_canceled_at_any_time(world: World) -> None:
    shop = world.create()
    stop(world, newest(world, shop), reason="not now")
    ended = newest(world, shop)
    assert (ended.status, ended.reason) == (TaskStatus.CANCELED, "not now")
    assert ended.canceled_by_user_id == world.maintainer.id
    assert ended.finished_at is not None


def test_what_waits_for_a_canceled_task_ends_with_it(world: World) -> None:
    shop = world.installed()
    world.update(shop, name="green")
    recreate = world.tasks(shop)[0]
    stop(world, recreate)
    recreate, upgrade = world.tasks(shop, pending=False)[-2:]
    assert (recreate.status, upgrade.status) == (TaskStatus.CANCELED, TaskStatus.FAILED)
    assert upgrade.reason == f"The step before this one failed: {task_stops.CANCELED}"


@pytest.mark.usefixtures("served")
def test_a_task_that_runs_is_asked_to_stop_and_its_runner_ends_it(world: World) -> None:
    shop = world.create()
    begin(world)
    stop(world, newest(world, shop))
    asked = newest(world, shop)
    assert (asked.status, asked.finished_at) == (TaskStatus.STARTED, None)
    assert asked.canceled_by_user_id == world.maintainer.id
    with world.database.reading() as connection:
        woken = task_queue.clusters_to_wake(connection, added=[], changed=[TaskId(asked.id)])
    assert woken == {world.cluster}


@pytest.mark.usefixtures("served")
def test_a_second_request_changes_nothing(world: World) -> None:
    shop = world.create()
    begin(world)
    stop(world, newest(world, shop), world.admin)
    stop(world, newest(world, shop))
    assert newest(world, shop).canceled_by_user_id == world.admin.id


def test_a_task_that_nobody_runs_ends_at_once(world: World) -> None:
    shop = world.create()
    begin(world)
    stop(world, newest(world, shop))
    assert (newest(world, shop).status, newest(world, shop).reason) == (
        TaskStatus.CANCELED,
        task_stops.NOBODY_RUNS_IT,
    )
    row = world.row(shop)
    assert row is not None
    assert (row.status, row.reason) == (DeploymentStatus.ERROR, task_stops.NOBODY_RUNS_IT)


def test_dependants_that_wait_for_a_task_that_nobody_runs_are_canceled(world: World) -> None:
    shop, user = world.installed(), world.installed("user")
    world.update(shop, config={"size": "big"})
    begin(world)
    with world.database.transaction() as connection:
        row = deployments.get(connection, user)
        assert row is not None
        reinstall(connection, [row], "changed", world.admin, after=TaskId(newest(world, shop).id))
    stop(world, newest(world, shop))
    assert newest(world, user).status is TaskStatus.CANCELED


def test_a_task_that_has_ended_can_not_be_stopped(world: World) -> None:
    shop = world.installed()
    with pytest.raises(Conflict, match="This task is Done, so there is nothing to stop"):
        stop(world, newest(world, shop))


@pytest.mark.parametrize("running", [False, True])
def test_a_removal_can_not_be_stopped(world: World, running: bool) -> None:
    shop = world.installed()
    world.do(delete_deployment, world.owner, shop)
    if running:
        begin(world)
    with pytest.raises(Conflict, match="An Uninstall can't be stopped"):
        stop(world, newest(world, shop))
    assert newest(world, shop).canceled_by_user_id is None


def test_the_call_of_an_action_can_not_be_taken_back(world: World) -> None:
    shop = world.installed()
    invoke = {"InvokeAction": {"helm_chart_id": str(world.chart), "action_id": "a", "body": {}}}
    with world.database.transaction() as connection:
        new = task_stops.tasks.NewTask(deployment_id=shop, cluster_id=world.cluster, operation=invoke)
        task_stops.tasks.insert_pending(connection, [new], world.admin)
    begin(world)
    with pytest.raises(Conflict, match="The call of an action can't be stopped"):
        stop(world, newest(world, shop))


def test_only_who_may_cancel_may_stop(world: World) -> None:
    shop = world.create()
    task = newest(world, shop)
    with world.making() as make:
        member, stranger = make.member("mem", world.env), make.user("stranger")
    with pytest.raises(Denied):
        stop(world, task, member)
    with pytest.raises(NotFound):
        stop(world, task, stranger)
    with pytest.raises(NotFound):
        world.do(stop_task, world.admin, TaskId(uuid4()), None)
    assert newest(world, shop).status is TaskStatus.PENDING
