"""A task that somebody asked to stop: its end says what was applied, and the next task finds no run in its way.

Source: docs/contract/workers.md, "Stopping a task".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from platz.changes.task_stops import stop_task
from platz.db import task_queue
from platz.db.enums import TaskStatus
from platz.db.tables.tasks import TaskRow
from platz.helm.diagnosis import HelmKilled
from platz.helm.engine import HelmOutcome, HelmRun
from platz.identities import DeploymentId
from platz.tasks import execution, releases
from platz.tasks.context import Interrupted
from platz.tasks.releasing.stopped import NOT_BEGUN
from tests.integration.tasks.conftest import Installation
from tests.integration.tasks.test_tasks_releases import Release, interrupted


class KilledHelm:
    """In the place of the Helm processes: something happens while Helm runs, and then it is killed."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def run(self, _run: HelmRun, *, confirm: Callable[[], float], **_more: object) -> HelmOutcome:
        confirm()
        self._meanwhile()
        raise HelmKilled


def ask(platz: Installation, task: TaskRow) -> None:
    """Ask to stop the task while its cluster is served."""
    with platz.world.served(task.cluster_id):
        platz.world.do(stop_task, platz.world.maintainer, task.id, None)


def stopped_while_helm_runs(
    platz: Installation, name: str, before: dict[int, str], meanwhile: Callable[[Release], object]
) -> tuple[TaskRow, Release]:
    """Stop a task in the middle of its Helm, as its runner does, and let its thread go on.

    The revisions ``before`` are those of another task.
    """
    task, release = interrupted(platz, name, {})
    former = dataclasses.replace(release, task="another")
    for number, status in before.items():
        former.set(number, status)

    def happen() -> None:
        meanwhile(release)
        ask(platz, task)

    context = dataclasses.replace(platz.context, helm=KilledHelm(happen))
    with pytest.raises(Interrupted):
        execution.execute(context, task)
    execution.resume(platz.context, task)
    return task, release


def reason(platz: Installation, deployment: DeploymentId) -> str:
    (task,) = platz.world.tasks(deployment, pending=False)
    assert task.status is TaskStatus.CANCELED
    assert task.canceled_by_user_id == platz.world.maintainer.id
    return task.reason


def test_the_end_names_the_revision_that_was_begun_and_the_last_complete_one(
    platz: Installation, name: str
) -> None:
    def begin(release: Release) -> None:
        release.set(2, "pending-upgrade")

    task, release = stopped_while_helm_runs(platz, name, {1: "deployed"}, begin)
    assert release.statuses() == {1: "deployed", 2: "failed"}
    told = reason(platz, task.deployment_id)
    assert told.startswith(execution.STOPPED)
    assert "Helm was stopped while it worked on revision 2" in told
    assert (platz.status(task.deployment_id), platz.reason(task.deployment_id)) == ("Error", told)


def test_a_first_install_leaves_nothing_complete_and_the_next_task_installs(
    platz: Installation, name: str
) -> None:
    task, release = stopped_while_helm_runs(
        platz, name, {}, lambda release: release.set(1, "pending-install")
    )
    assert release.statuses() == {1: "failed"}
    assert reason(platz, task.deployment_id).endswith("No revision was complete before.")
    platz.world.update(task.deployment_id, config={"size": "big"})
    platz.run(platz.world.cluster)
    assert platz.status(task.deployment_id) == "Running"


def test_a_helm_that_had_not_begun_has_applied_nothing(platz: Installation, name: str) -> None:
    task, release = stopped_while_helm_runs(platz, name, {}, lambda _release: None)
    assert release.statuses() == {}
    assert reason(platz, task.deployment_id) == f"{execution.STOPPED} {NOT_BEGUN}"


def test_a_helm_that_had_finished_is_done_and_nobody_canceled_it(platz: Installation, name: str) -> None:
    task, _ = stopped_while_helm_runs(platz, name, {}, lambda release: release.set(1, "deployed"))
    (ended,) = platz.world.tasks(task.deployment_id, pending=False)
    assert (ended.status, ended.reason) == (TaskStatus.DONE, releases.HAD_FINISHED)
    assert ended.canceled_by_user_id is None
    assert platz.status(task.deployment_id) == "Running"


def test_a_cluster_that_is_away_does_not_keep_a_task_from_being_stopped(
    platz: Installation, name: str
) -> None:
    task, _ = interrupted(platz, name, {})
    ask(platz, task)
    platz.kill(platz.world.cluster)
    execution.resume(platz.context, task)
    assert "What it had applied is not known" in reason(platz, task.deployment_id)


def test_helm_does_not_begin_for_a_task_that_was_asked_to_stop(platz: Installation, name: str) -> None:
    task, _ = interrupted(platz, name, {})
    ask(platz, task)
    with platz.world.database.reading() as connection:
        assert not task_queue.may_go_on(connection, task, platz.context.claim)
    execution.execute(platz.context, task)
    assert platz.helm.runs == []
    assert reason(platz, task.deployment_id)
