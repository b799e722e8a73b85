"""Retrying tasks that failed or were cancelled: the same inputs, unless the deployment was changed since.

Source: docs/contract/http-api.md, "Retrying a task".
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import Row, select, text

from platz.changes.deployments import delete_deployment
from platz.changes.retries import retry_task
from platz.db.enums import TaskStatus
from platz.db.schema import platz_task_waits
from platz.errors import Conflict, Denied, NotFound
from platz.identities import DeploymentId, Identity, TaskId
from tests.integration.changes.world import World


def all_tasks(world: World, deployment: DeploymentId) -> list[Row]:  # type: ignore[type-arg]
    return world.tasks(deployment, pending=False)


def end(world: World, deployment: DeploymentId, status: str = "Failed") -> TaskId:
    """End everything of the deployment that waits; return the first task that ended."""
    first = world.tasks(deployment)[0]
    with world.database.transaction() as connection:
        connection.execute(
            text(
                "update deployment_tasks set status = :status, finished_at = now(), reason = 'no luck'"
                " where deployment_id = :id and status = 'Pending'"
            ),
            {"status": status, "id": deployment},
        )
    return TaskId(first.id)


def retry(world: World, task: TaskId, by: Identity | None = None) -> TaskId:
    return world.do(retry_task, by or world.maintainer, task, cipher=world.cipher)


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_retry_is_a_new_task_with_the_same_inputs_that_names_the_old(world: World, status: str) -> None:
    shop = world.create(config={"size": "big"})
    failed = end(world, shop, status)
    again = retry(world, failed)
    old, new = all_tasks(world, shop)
    assert (new.id, new.repeats, new.status) == (again, failed, TaskStatus.PENDING)
    assert new.operation == old.operation
    assert new.acting_user_id == world.maintainer.id
    assert (old.status, old.reason) == (TaskStatus(status), "no luck")


def test_a_retry_that_failed_can_be_retried(world: World) -> None:
    shop = world.create()
    first = end(world, shop)
    second = retry(world, first)
    end(world, shop)
    assert retry(world, second)
    assert [task.repeats for task in all_tasks(world, shop)] == [None, first, second]


def test_a_failed_move_is_repeated_with_the_upgrade_behind_it(world: World) -> None:
    shop = world.installed()
    world.update(shop, name="green")
    recreate = end(world, shop)
    retry(world, recreate)
    *_, old_upgrade, move, upgrade = all_tasks(world, shop)
    assert (move.repeats, upgrade.repeats) == (recreate, old_upgrade.id)
    with world.database.reading() as connection:
        waits = connection.execute(
            select(platz_task_waits.c.waits_for).where(platz_task_waits.c.task_id == upgrade.id)
        )
        assert waits.scalar_one() == move.id


@pytest.mark.parametrize("status", ["Pending", "Started", "Done"])
def test_only_what_failed_or_was_canceled_is_retried(world: World, status: str) -> None:
    shop = world.create()
    task = TaskId(world.tasks(shop)[0].id)
    with world.database.transaction() as connection:
        connection.execute(
            text("update deployment_tasks set status = :status, started_at = now() where id = :id"),
            {"status": status, "id": task},
        )
    with pytest.raises(Conflict, match=f"This task is {status}"):
        retry(world, task)


def test_a_deployment_with_other_inputs_refuses(world: World) -> None:
    shop = world.installed()
    world.update(shop, config={"size": "big"})
    failed = end(world, shop)
    world.update(shop, config={"size": "small"})
    end(world, shop)
    with pytest.raises(Conflict, match="another chart, config or override by now"):
        retry(world, failed)


def test_a_newer_change_refuses_and_is_named(world: World) -> None:
    shop = world.create()
    failed = end(world, shop)
    newer = retry(world, failed)
    with pytest.raises(Conflict, match=f"changed since by task {newer}"):
        retry(world, failed)


def test_a_disabled_deployment_refuses(world: World) -> None:
    shop = world.installed()
    world.update(shop, config={"size": "big"})
    failed = end(world, shop)
    world.update(shop, enabled=False)
    with pytest.raises(Conflict, match="disabled since"):
        retry(world, failed)


def test_a_deployment_that_is_being_deleted_refuses_all_but_its_removal(world: World) -> None:
    shop = world.create()
    failed = end(world, shop)
    world.do(delete_deployment, world.owner, shop)
    uninstall = end(world, shop)
    with pytest.raises(Conflict, match="being deleted"):
        retry(world, failed)
    assert retry(world, uninstall, world.owner)
    assert world.names(shop) == ["Uninstall"]


def test_a_removal_is_not_retried_when_the_deployment_is_wanted_again(world: World) -> None:
    shop = world.installed()
    world.update(shop, enabled=False)
    failed = end(world, shop)
    world.update(shop, enabled=True)
    with pytest.raises(Conflict, match="enabled again since"):
        retry(world, failed, world.owner)


def test_a_retry_needs_the_right_of_the_change(world: World) -> None:
    shop = world.installed()
    world.update(shop, enabled=False)
    uninstall = end(world, shop)
    with pytest.raises(Denied):
        retry(world, uninstall)
    with world.making() as make:
        stranger = make.user("stranger")
    with pytest.raises((Denied, NotFound)):
        retry(world, uninstall, stranger)
    with pytest.raises(NotFound):
        retry(world, TaskId(uuid4()))
    assert world.tasks(shop) == []


def test_a_reinstall_of_what_is_not_installed_refuses(world: World) -> None:
    shop = world.create()
    end(world, shop)
    with world.database.transaction() as connection:
        connection.execute(text('update deployment_tasks set operation = \'{"Reinstall": {"reason": "x"}}\''))
    with pytest.raises(Conflict, match="Nothing of this deployment is installed"):
        retry(world, TaskId(all_tasks(world, shop)[0].id))
