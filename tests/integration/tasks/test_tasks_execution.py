"""Every task ends with a sentence, and no deployment stays in between (docs/contract/workers.md, "Operations")."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from claims import bare_context, new_claim, new_lease
from sqlalchemy import Connection

from platz import boot_clock
from platz.changes.deployments import delete_deployment
from platz.db import task_queue
from platz.db.database import Database
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.tasks import TaskRow
from platz.db.unreachable import DatabaseUnavailable, DatabaseUnreachable
from platz.errors import Conflict
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.identities import ClusterId, DeploymentId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.errors import KubeAborted
from platz.tasks import execution
from platz.tasks.context import ClusterNotServed, Interrupted, OperationContext
from platz.tasks.execution import EndNotWritten
from platz.tasks.operation_kinds import OPERATION_KINDS, OperationKind
from platz.tasks.recovery import RecoveryAction
from tests.integration.changes.world import World

Steps = Callable[[OperationContext, TaskRow], str]
ACCESS = ClusterAccess(
    name="blue", server="https://blue.test", credentials=FixedCredential(credential=Credential())
)


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)


@pytest.fixture
def context(database: Database) -> OperationContext:
    return bare_context(database)


@pytest.fixture
def steps_are(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Steps], None]:
    def replace(operation: str, steps: Steps) -> None:
        kinds = cast("dict[str, OperationKind]", OPERATION_KINDS)
        monkeypatch.setitem(kinds, operation, dataclasses.replace(kinds[operation], steps=steps))

    return replace


def claimed(world: World, context: OperationContext) -> TaskRow:
    with world.database.transaction() as connection:
        (task,) = task_queue.claim(connection, cluster_id=world.cluster, claim=context.claim, most=1)
    return task


def ended(world: World, deployment_id: DeploymentId) -> tuple[DeploymentRow, TaskRow]:
    row = world.row(deployment_id)
    assert row is not None
    return row, world.tasks(deployment_id, pending=False)[0]


def failing(error: Exception) -> Steps:
    def steps(_context: OperationContext, _task: TaskRow) -> str:
        raise error

    return steps


def test_a_success_is_done_with_its_output(world: World, context: OperationContext, steps_are: Any) -> None:
    seen: list[DeploymentStatus] = []
    deployment = world.create("blue")

    def look(_context: OperationContext, task: TaskRow) -> str:
        row = world.row(task.deployment_id)
        assert row is not None
        seen.append(row.status)
        return "NOTES"

    steps_are("Install", look)
    execution.execute(context, claimed(world, context))
    _, task = ended(world, deployment)
    assert (task.status, task.reason, seen) == (TaskStatus.DONE, "NOTES", [DeploymentStatus.INSTALLING])
    assert task.finished_at is not None


@pytest.mark.parametrize("operation", ["Install", "Upgrade", "Reinstall", "Recreate"])
def test_a_failure_shows_on_the_deployment(
    operation: str, world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    steps_are(operation, failing(Conflict("The namespace is taken.")))
    task = claimed(world, context)
    renamed = TaskRow(**{**vars(task), "operation": {operation: {}}})
    execution.execute(context, renamed)
    row, _ = ended(world, deployment)
    assert (row.status, row.reason) == (DeploymentStatus.ERROR, "The namespace is taken.")


@pytest.mark.parametrize("run", [execution.execute, execution.resume])
@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"Rollback": {}}, "Unknown operation 'Rollback'"),
        ({}, "exactly one key"),
        (None, "exactly one key"),
        (5, "exactly one key"),
    ],
)
def test_an_operation_that_platz_does_not_know_fails_its_task(
    run: Callable[[OperationContext, TaskRow], None],
    operation: Any,
    reason: str,
    world: World,
    context: OperationContext,
) -> None:
    deployment = world.create("blue")
    run(context, TaskRow(**{**vars(claimed(world, context)), "operation": operation}))
    _, task = ended(world, deployment)
    assert task.status is TaskStatus.FAILED
    assert reason in str(task.reason)


def test_a_reason_that_the_database_can_t_store_is_made_storable(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    steps_are("Install", failing(Conflict("a\x00b")))
    execution.execute(context, claimed(world, context))
    row, task = ended(world, deployment)
    assert (row.reason, task.reason) == ("a\ufffdb", "a\ufffdb")


def test_a_defect_fails_the_task_without_telling_the_trace(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    steps_are("Install", failing(ZeroDivisionError("secret detail")))
    execution.execute(context, claimed(world, context))
    row, task = ended(world, deployment)
    assert task.status is TaskStatus.FAILED
    assert row.status is DeploymentStatus.ERROR
    assert "internal error" in str(task.reason)
    assert "secret detail" not in str(task.reason)


@pytest.mark.parametrize("interruption", [Interrupted(), DatabaseUnreachable(), DatabaseUnavailable()])
def test_an_interruption_leaves_the_task_started(
    interruption: Exception, world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    steps_are("Install", failing(interruption))
    with pytest.raises(type(interruption)):
        execution.execute(context, claimed(world, context))
    _, task = ended(world, deployment)
    assert (task.status, task.reason) == (TaskStatus.STARTED, None)


class AwayAtTheEnd:
    """A database that is lost while the steps run, and for some attempts to write the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.refusals = 0

    def reading(self) -> AbstractContextManager[Connection]:
        return self._database.reading()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseUnavailable
        with self._database.transaction() as connection:
            yield connection


@pytest.mark.parametrize("error", [None, Conflict("The shop is closed.")])
def test_an_end_that_could_not_be_written_is_written_later_and_nothing_is_done_twice(
    error: Exception | None, world: World, steps_are: Any
) -> None:
    deployment = world.create("blue")
    away = AwayAtTheEnd(world.database)
    runs: list[TaskRow] = []

    def steps(_context: OperationContext, task: TaskRow) -> str:
        runs.append(task)
        away.refusals = 2
        if error is not None:
            raise error
        return "The shop is open."

    steps_are("Install", steps)
    context = bare_context(cast("Database", away), new_claim(world.database))
    task = claimed(world, context)
    with pytest.raises(EndNotWritten) as first:
        execution.execute(context, task)
    with pytest.raises(EndNotWritten) as second:
        first.value.write_again(context, task)
    assert ended(world, deployment)[1].status is TaskStatus.STARTED
    second.value.write_again(context, task)
    row, end = ended(world, deployment)
    assert (end.status, end.reason) == (
        (TaskStatus.DONE, "The shop is open.")
        if error is None
        else (TaskStatus.FAILED, "The shop is closed.")
    )
    assert row.status is (DeploymentStatus.INSTALLING if error is None else DeploymentStatus.ERROR)
    assert len(runs) == 1


def not_served(_cluster_id: ClusterId) -> None:
    raise ClusterNotServed


@pytest.mark.parametrize(
    ("error", "kube"),
    [(KubeAborted(), lambda _cluster_id: None), (ClusterNotServed(), not_served), (Conflict(), not_served)],
)
def test_a_failure_after_the_cluster_was_taken_away_is_no_end(
    error: Exception, kube: Callable[[ClusterId], Any], world: World, steps_are: Any
) -> None:
    deployment = world.create("blue")
    steps_are("Install", failing(error))
    context = bare_context(world.database, kube=kube)
    with pytest.raises(Interrupted):
        execution.execute(context, claimed(world, context))
    _, task = ended(world, deployment)
    assert (task.status, task.reason) == (TaskStatus.STARTED, None)


def test_a_failed_recreate_fails_the_upgrade_behind_it(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.installed("blue")
    world.update(deployment, name="green")
    steps_are("Recreate", failing(Conflict("The old namespace does not go away.")))
    execution.execute(context, claimed(world, context))
    recreate, upgrade = world.tasks(deployment, pending=False)[-2:]
    assert (recreate.status, upgrade.status) == (TaskStatus.FAILED, TaskStatus.FAILED)
    assert "The old namespace does not go away." in str(upgrade.reason)
    row, _ = ended(world, deployment)
    assert row.status is DeploymentStatus.ERROR


def test_an_uninstall_of_a_deployment_that_is_being_deleted_keeps_it_deleting(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.installed("blue")
    world.do(delete_deployment, world.admin, deployment)
    steps_are("Uninstall", lambda *_: "")
    execution.execute(context, claimed(world, context))
    row, _ = ended(world, deployment)
    assert row.status is DeploymentStatus.DELETING


def test_an_owner_that_lost_its_claim_changes_nothing(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    task = claimed(world, context)
    with world.database.transaction() as connection:
        assert task_queue.take_over(
            connection, task.id, claim=new_claim(world.database), formerly=task.claimed_by
        )
    steps_are("Install", failing(Conflict("too late")))
    with pytest.raises(Interrupted):
        execution.execute(context, task)
    row, now = ended(world, deployment)
    assert now.status is TaskStatus.STARTED
    assert row.status is DeploymentStatus.UNKNOWN


@pytest.mark.parametrize(
    ("finding", "status", "runs"),
    [
        (RecoveryAction.FINISHED, TaskStatus.DONE, 0),
        (RecoveryAction.REPEATABLE, TaskStatus.DONE, 1),
        (RecoveryAction.NOT_REPEATABLE, TaskStatus.FAILED, 0),
    ],
)
def test_resuming_acts_on_what_the_cluster_says(
    finding: RecoveryAction,
    status: TaskStatus,
    runs: int,
    world: World,
    context: OperationContext,
    steps_are: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = world.create("blue")
    task = claimed(world, context)
    ran: list[TaskRow] = []

    def count(_context: OperationContext, task: TaskRow) -> str:
        ran.append(task)
        return ""

    steps_are("Install", count)
    monkeypatch.setattr(execution, "inspect_interrupted_task", lambda *_: finding)
    execution.resume(context, task)
    row, now = ended(world, deployment)
    assert (now.status, len(ran)) == (status, runs)
    if finding is RecoveryAction.FINISHED:
        assert (row.status, row.revision_id) == (DeploymentStatus.RUNNING, task.id)


def test_resuming_shows_the_deployment_what_is_done_with_it(
    world: World, context: OperationContext, steps_are: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = world.installed("blue")
    world.update(deployment, enabled=False)
    steps_are("Uninstall", lambda *_: "")
    monkeypatch.setattr(execution, "inspect_interrupted_task", lambda *_: RecoveryAction.REPEATABLE)
    execution.resume(context, claimed(world, context))
    row, _ = ended(world, deployment)
    assert row.status is DeploymentStatus.UNINSTALLING


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (execution.execute, "This task was not begun because the deployment is being deleted."),
        (execution.resume, execution.OVERTAKEN),
    ],
)
def test_a_task_of_a_deployment_that_is_being_deleted_is_canceled_with_a_reason(
    run: Callable[[OperationContext, TaskRow], None],
    reason: str,
    world: World,
    context: OperationContext,
    steps_are: Any,
) -> None:
    deployment = world.create("blue")
    task = claimed(world, context)
    world.do(delete_deployment, world.owner, deployment)
    steps_are("Install", failing(AssertionError("nothing may run")))
    run(context, task)
    row, now = ended(world, deployment)
    assert (now.status, now.reason) == (TaskStatus.CANCELED, reason)
    assert now.canceled_by_user_id == world.owner.id
    assert row.status is DeploymentStatus.DELETING


def test_an_uninstall_goes_on_although_the_deployment_is_being_deleted(
    world: World, context: OperationContext, steps_are: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = world.installed("blue")
    world.do(delete_deployment, world.admin, deployment)
    steps_are("Uninstall", lambda *_: "gone")
    monkeypatch.setattr(execution, "inspect_interrupted_task", lambda *_: RecoveryAction.REPEATABLE)
    execution.resume(context, claimed(world, context))
    uninstall = world.tasks(deployment, pending=False)[-1]
    assert (uninstall.status, uninstall.reason) == (TaskStatus.DONE, "gone")


@pytest.mark.parametrize("run", [execution.execute, execution.resume])
def test_when_the_lease_has_changed_hands_a_task_is_let_go_and_nothing_is_written(
    run: Callable[[OperationContext, TaskRow], None],
    world: World,
    context: OperationContext,
    steps_are: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = world.create("blue")
    task = claimed(world, context)
    before = world.row(deployment)
    new_lease(world.database)
    steps_are("Install", lambda *_: "NOTES")
    monkeypatch.setattr(execution, "inspect_interrupted_task", lambda *_: RecoveryAction.FINISHED)
    with pytest.raises(Interrupted):
        run(context, task)
    row, now = ended(world, deployment)
    assert (row, now.status, now.reason) == (before, TaskStatus.STARTED, None)


class HelmThatAsks:
    """In the place of the Helm processes: asks for the confirmation, and remembers the answer."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.confirmed: list[float] = []
        self._before = before

    def run(self, _run: HelmRun, *, confirm: Callable[[], float], **_more: object) -> HelmOutcome:
        self._before()
        self.confirmed.append(confirm())
        return HelmOutcome(ok=True, output="")


RUN = HelmRun(action=HelmAction.UNINSTALL, release="blue", namespace="blue")


def run_helm(world: World, helm: HelmThatAsks, *, safe_until: float) -> HelmOutcome:
    context = dataclasses.replace(
        bare_context(world.database, kube=lambda _id: SimpleNamespace(access=ACCESS)),
        helm=helm,
        safe_until=lambda _lease: safe_until,
    )
    world.create("blue")
    return context.run_helm(RUN, cluster_id=world.cluster, task=claimed(world, context))


def test_helm_may_run_as_long_as_the_lease_is_safe(world: World) -> None:
    helm, until = HelmThatAsks(), boot_clock.now() + 5
    assert run_helm(world, helm, safe_until=until).ok
    assert helm.confirmed == [until]


def test_helm_does_not_begin_when_the_lease_has_run_out(world: World) -> None:
    helm = HelmThatAsks()
    with pytest.raises(Interrupted):
        run_helm(world, helm, safe_until=boot_clock.now())
    assert helm.confirmed == []


def test_helm_does_not_begin_when_the_lease_changed_hands_while_it_waited_for_a_place(world: World) -> None:
    helm = HelmThatAsks(before=lambda: new_lease(world.database))
    with pytest.raises(Interrupted):
        run_helm(world, helm, safe_until=boot_clock.now() + 5)
    assert helm.confirmed == []


def test_helm_does_not_begin_when_the_deployment_was_deleted_while_it_waited_for_a_place(
    world: World,
) -> None:
    def delete() -> None:
        with world.database.reading() as connection:
            (task,) = task_queue.started_tasks(connection, world.cluster)
        world.do(delete_deployment, world.admin, task.deployment_id)

    helm = HelmThatAsks(before=delete)
    with pytest.raises(Interrupted):
        run_helm(world, helm, safe_until=boot_clock.now() + 5)
    assert helm.confirmed == []


def test_resuming_leaves_a_task_alone_whose_end_was_written_after_all(
    world: World, context: OperationContext, steps_are: Any
) -> None:
    deployment = world.create("blue")
    task = claimed(world, context)
    steps_are("Install", lambda *_: "NOTES")
    execution.execute(context, task)
    execution.resume(context, task)
    _, now = ended(world, deployment)
    assert (now.status, now.reason) == (TaskStatus.DONE, "NOTES")
