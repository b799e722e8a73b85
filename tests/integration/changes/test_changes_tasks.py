"""Asking for actions and restarts, and cancelling what is scheduled.

Source: docs/contract/http-api.md, "Deployment tasks".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from platz.changes.deployments import delete_deployment
from platz.changes.tasks import TaskRequest, cancel_task, create_task
from platz.db import schema
from platz.db.enums import TaskStatus
from platz.db.tables import k8s_resources
from platz.db.tables.k8s_resources import SeenWorkload, WorkloadId
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import Deployment, DeploymentId, Identity, TaskId
from platz.tasks.operations import InvokeAction, Operation, Reinstall, RestartK8sResource, from_json
from tests.integration.changes.world import World, select_input, values_ui


def action(action_id: str, *, role: str = "Maintainer", **changes: Any) -> dict[str, Any]:
    """An action in stored form."""
    return {
        "id": action_id, "allowed_role": role, "allowed_on_statuses": [], "endpoint": "standard_ingress",
        "path": "/act", "method": "POST", "title": action_id.title(), "fontawesome_icon": None,
        "description": "", "dangerous": False, "ui_schema": None,
    } | changes  # fmt: skip


FORM = values_ui(select_input("secret", "secrets", required=True)) | {
    "outputs": {
        "values": [
            {"path": ["token"], "value": {"FieldProperty": {"input": "secret", "property": "contents"}}}
        ],
        "secrets": {},
    }
}


@pytest.fixture
def shop(world: World) -> DeploymentId:
    """Give an installed deployment with actions."""
    with world.making() as make:
        schema = {
            "schema_version": 1,
            "actions": [
                action("restock"),
                action("wipe", role="Owner"),
                action("repair", allowed_on_statuses=["Broken"]),
                action("rotate", ui_schema=FORM),
            ],
        }
        chart = make.chart(world.registry, "acting", actions_schema=schema)
    return world.installed("blue", helm_chart_id=chart)


def invoke(
    world: World, shop: DeploymentId, action_id: str = "restock", *, by: Identity | None = None, body: Any = None,
    **request: Any,
) -> TaskId:  # fmt: skip
    row = world.row(shop)
    assert row is not None
    operation = InvokeAction(
        helm_chart_id=row.helm_chart_id, action_id=action_id, body={} if body is None else body
    )
    return ask(world, shop, operation, by=by, **request)


def ask(
    world: World, shop: DeploymentId, operation: Operation, *, by: Identity | None = None, **request: Any
) -> TaskId:
    wanted = TaskRequest(deployment_id=shop, operation=operation, **request)
    return world.do(create_task, by or world.admin, wanted, cipher=world.cipher)


def workload(world: World, owner: DeploymentId) -> UUID:
    seen = SeenWorkload(
        id=WorkloadId(uuid4()),
        cluster_id=world.cluster,
        deployment_id=owner,
        kind="Deployment",
        api_version="apps/v1",
        name="web",
        status_color=["Success"],
        metadata={},
    )
    world.do(k8s_resources.upsert, [seen])
    return seen.id


def reports(world: World, shop: DeploymentId, status: str, *, successful: bool = True) -> None:
    with world.making() as make:
        make.connection.execute(
            text(
                "update deployments set reported_status = jsonb_build_object('get_successful', cast(:ok as boolean),"
                " 'content', jsonb_build_object('status', jsonb_build_object('name', cast(:name as text))))"
                " where id = :id"
            ),
            {"ok": successful, "name": status, "id": shop},
        )


def test_an_action_is_queued_with_its_raw_inputs(world: World, shop: DeploymentId) -> None:
    task_id = invoke(world, shop, body={"count": 3}, by=world.maintainer)
    [task] = world.tasks(shop)
    assert (task.id, task.cluster_id) == (task_id, world.cluster)
    assert world.creator(task_id) == world.maintainer
    operation = from_json(task.operation)
    assert isinstance(operation, InvokeAction)
    assert operation.body == {"count": 3}


def test_a_scheduled_action_waits_for_its_time(world: World, shop: DeploymentId) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    invoke(world, shop, execute_at=later)
    [task] = world.tasks(shop)
    assert task.execute_at == later


@pytest.mark.parametrize(
    ("role", "action_id", "allowed"),
    [
        ("owner", "wipe", True),
        ("env_admin", "wipe", True),
        ("maintainer", "wipe", False),
        ("bot", "wipe", False),
        ("maintainer", "restock", True),
        ("bot", "restock", True),
        ("viewer", "restock", False),
    ],
)
def test_the_role_of_the_action_decides(
    world: World, shop: DeploymentId, role: str, action_id: str, allowed: bool
) -> None:
    if allowed:
        assert invoke(world, shop, action_id, by=getattr(world, role))
    else:
        with pytest.raises(Denied):
            invoke(world, shop, action_id, by=getattr(world, role))


def test_what_is_out_of_sight_is_not_found(world: World, shop: DeploymentId) -> None:
    with world.making() as make:
        stranger = make.member("stranger", world.other_env)
    with pytest.raises(NotFound):
        invoke(world, shop, by=stranger)


def test_a_deployment_acts_on_itself_only(world: World, shop: DeploymentId) -> None:
    foreign = world.installed("far", cluster_id=world.foreign_cluster)
    assert invoke(world, shop, by=Deployment(id=shop))
    with pytest.raises(Denied):
        invoke(world, shop, by=Deployment(id=world.create("friend")))
    with pytest.raises(NotFound):
        invoke(world, shop, by=Deployment(id=foreign))


def test_the_chart_must_be_the_present_one(world: World, shop: DeploymentId) -> None:
    operation = InvokeAction(helm_chart_id=world.chart, action_id="restock", body={})
    with pytest.raises(Conflict, match="helm_chart_id of action invocation must match"):
        ask(world, shop, operation)


def test_an_unknown_action_and_a_chart_without_actions_are_not_found(
    world: World, shop: DeploymentId
) -> None:
    with pytest.raises(NotFound, match="dance"):
        invoke(world, shop, "dance")
    with pytest.raises(NotFound, match="does not have any actions"):
        invoke(world, world.installed("plain"), "restock")


def test_the_body_must_render(world: World, shop: DeploymentId) -> None:
    with pytest.raises(Rejected, match="secret"):
        invoke(world, shop, "rotate", body={})
    with world.making() as make:
        foreign = make.secret(world.other_env)
        own = make.secret(world.env)
    with pytest.raises(Rejected):
        invoke(world, shop, "rotate", body={"secret": str(foreign)})
    assert invoke(world, shop, "rotate", body={"secret": str(own)})


def test_an_action_for_some_statuses_needs_one_of_them(world: World, shop: DeploymentId) -> None:
    assert invoke(world, shop, "repair")
    reports(world, shop, "Healthy")
    with pytest.raises(Conflict, match="Repair is not available while the status is Healthy"):
        invoke(world, shop, "repair")
    assert invoke(world, shop, "repair", execute_at=datetime.now(UTC) + timedelta(hours=1))
    reports(world, shop, "Healthy", successful=False)
    assert invoke(world, shop, "repair")
    reports(world, shop, "Broken")
    assert invoke(world, shop, "repair")


def test_a_restart_is_for_maintainers(world: World, shop: DeploymentId) -> None:
    restart = RestartK8sResource(resource_id=workload(world, shop), resource_name="web")
    ask(world, shop, restart, by=world.maintainer)
    assert world.operations(shop) == [restart]
    with pytest.raises(Denied):
        ask(world, shop, restart, by=world.viewer)


def test_a_restart_names_a_resource_of_the_deployment(world: World, shop: DeploymentId) -> None:
    mine, other = workload(world, shop), workload(world, world.create("other"))
    with pytest.raises(Rejected, match='Provided "app", actual "web"'):
        ask(world, shop, RestartK8sResource(resource_id=mine, resource_name="app"))
    for unknown in (uuid4(), other):
        with pytest.raises(NotFound, match=f"Unknown resource with id={unknown}"):
            ask(world, shop, RestartK8sResource(resource_id=unknown, resource_name="web"))


def test_other_operations_are_no_requests(world: World, shop: DeploymentId) -> None:
    with pytest.raises(Denied, match="Reinstall tasks can't be created through the API"):
        ask(world, shop, Reinstall(reason="because"))


def test_a_cluster_without_environment_and_a_deletion_are_conflicts(world: World, shop: DeploymentId) -> None:
    doomed = world.installed("doomed", helm_chart_id=world.row(shop).helm_chart_id)  # pyright: ignore[reportOptionalMemberAccess]
    world.do(delete_deployment, world.admin, doomed)
    with pytest.raises(Conflict, match="being deleted"):
        invoke(world, doomed)
    with world.making() as make:
        make.connection.exec_driver_sql("update k8s_clusters set env_id = null")
    with pytest.raises(Conflict, match="no env_id"):
        invoke(world, shop)


def test_an_unknown_deployment_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        ask(world, DeploymentId(uuid4()), Reinstall(reason=""))


@pytest.fixture
def scheduled(world: World, shop: DeploymentId) -> TaskId:
    """Give an action of the maintainer, scheduled for tomorrow."""
    return invoke(world, shop, by=world.maintainer, execute_at=datetime.now(UTC) + timedelta(days=1))


@pytest.mark.parametrize("role", ["admin", "env_admin", "owner", "maintainer", "bot"])
def test_creator_maintainers_and_admins_cancel(world: World, scheduled: TaskId, role: str) -> None:
    world.do(cancel_task, getattr(world, role), scheduled, "changed my mind")
    task = world.stored(schema.deployment_tasks, scheduled)
    assert (task.status, task.reason) == (TaskStatus.CANCELED, "changed my mind")
    assert task.finished_at is not None
    canceler = [task.canceled_by_user_id, task.canceled_by_bot_id, task.canceled_by_deployment_id]
    assert [given for given in canceler if given] == [getattr(world, role).id]


def test_others_may_not_cancel(world: World, scheduled: TaskId) -> None:
    with pytest.raises(Denied, match="Only admin users can cancel tasks of other users"):
        world.do(cancel_task, world.viewer, scheduled, None)


def test_a_task_out_of_sight_can_not_be_cancelled(world: World, scheduled: TaskId) -> None:
    with world.making() as make:
        stranger = make.member("stranger", world.other_env)
    with pytest.raises(NotFound):
        world.do(cancel_task, stranger, scheduled, None)
    with pytest.raises(NotFound):
        world.do(cancel_task, world.admin, TaskId(uuid4()), None)


def test_without_a_reason_the_old_text_stays(world: World, scheduled: TaskId) -> None:
    world.do(cancel_task, world.admin, scheduled, None)
    assert world.stored(schema.deployment_tasks, scheduled).reason is None


def test_what_is_about_to_run_is_not_cancelled(world: World, shop: DeploymentId) -> None:
    soon = invoke(world, shop, execute_at=datetime.now(UTC) + timedelta(minutes=4))
    with pytest.raises(Denied, match="Cannot cancel task which is closed to being executed"):
        world.do(cancel_task, world.admin, soon, None)


def test_a_task_is_cancelled_once(world: World, scheduled: TaskId) -> None:
    world.do(cancel_task, world.admin, scheduled, None)
    with pytest.raises(Conflict, match="Canceled"):
        world.do(cancel_task, world.admin, scheduled, None)
    assert world.stored(schema.deployment_tasks, scheduled).status is TaskStatus.CANCELED
