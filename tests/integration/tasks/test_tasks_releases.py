"""Given a release that an interrupted run may have finished late, then Helm never runs twice for one task."""

from __future__ import annotations

import base64
import dataclasses
import gzip
from collections.abc import Callable
from typing import cast

import orjson
import pytest

from platz.db import task_queue
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.tables.tasks import TaskRow
from platz.helm.engine import HelmOutcome, HelmRun
from platz.json import JsonObject
from platz.kube.api_resources import SECRET
from platz.kube.client import KubeClient
from platz.kube.namespaces import ensure_namespace
from platz.tasks import execution, releases
from platz.tasks.context import ChartArchives
from tests.integration.tasks.conftest import Installation

Happening = Callable[[], object]


@dataclasses.dataclass
class Release:
    """The revisions of one release, as Helm keeps them in the cluster."""

    client: KubeClient
    namespace: str
    task: str

    def set(self, number: int, status: str) -> None:
        """Write a revision with this status, as a Helm of the task does."""
        document = orjson.dumps({"name": self.namespace, "version": number, "info": {"status": status}})
        packed = base64.b64encode(base64.b64encode(gzip.compress(document))).decode()
        name = f"sh.helm.release.v1.{self.namespace}.v{number}"
        labels: JsonObject = {
            "owner": "helm",
            "name": self.namespace,
            "status": status,
            "version": str(number),
            releases.TASK_LABEL: self.task,
        }
        secret: JsonObject = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "helm.sh/release.v1",
            "metadata": {"name": name, "labels": labels},
            "data": {"release": packed},
        }
        if self.client.find(SECRET, name=name, namespace=self.namespace) is None:
            self.client.create(SECRET, secret, namespace=self.namespace)
        else:
            self.client.merge(SECRET, secret, name=name, namespace=self.namespace)

    def statuses(self) -> dict[int, str]:
        found = self.client.list_all(SECRET, namespace=self.namespace, label_selector="owner=helm").items
        labels = [cast("dict[str, dict[str, str]]", secret["metadata"])["labels"] for secret in found]
        return {int(each["version"]): each["status"] for each in labels}


class Helm:
    """In the place of the Helm processes: something happens while a run waits for its place; then it is confirmed."""

    def __init__(self) -> None:
        self.while_waiting: Happening = lambda: None
        self.runs: list[str] = []

    def run(self, run: HelmRun, *, confirm: Callable[[], float], **_more: object) -> HelmOutcome:
        self.while_waiting()
        confirm()
        self.runs.append(run.action.value)
        return HelmOutcome(ok=True, output="NOTES")


@pytest.fixture
def helm(platz: Installation) -> Helm:
    helm = Helm()
    platz.context = dataclasses.replace(platz.context, helm=helm)
    return helm


def interrupted(platz: Installation, name: str, before: dict[int, str]) -> tuple[TaskRow, Release]:
    """The first task of a deployment, begun by somebody who is gone, and the revisions that were left."""
    world, namespace = platz.world, f"webshop-{name}"
    world.create(name)
    with world.database.transaction() as connection:
        (task,) = task_queue.claim(connection, cluster_id=world.cluster, claim=platz.context.claim, most=1)
    release = Release(client=platz.client(world.cluster), namespace=namespace, task=str(task.id))
    ensure_namespace(release.client, name=namespace, deployment_id=task.deployment_id)
    for number, status in before.items():
        release.set(number, status)
    return task, release


def while_fetching(platz: Installation, happening: Happening) -> None:
    """Let something happen while the chart is fetched, which is after the first look at the release."""
    archives = platz.context.archives

    class Slow:
        def fetch(self, registry: object, chart: object) -> object:
            happening()
            return archives.fetch(registry, chart)  # type: ignore[arg-type]

    platz.context = dataclasses.replace(platz.context, archives=cast("ChartArchives", Slow()))


def assert_only_written_down(platz: Installation, task: TaskRow) -> None:
    (now,) = platz.world.tasks(task.deployment_id, pending=False)
    row = platz.world.row(task.deployment_id)
    assert (now.status, now.reason) == (TaskStatus.DONE, releases.HAD_FINISHED)
    assert row is not None
    assert (row.status, row.revision_id) == (DeploymentStatus.RUNNING, task.id)


def test_what_was_left_under_way_is_done_again_once(platz: Installation, helm: Helm, name: str) -> None:
    task, release = interrupted(platz, name, {1: "superseded", 2: "pending-upgrade"})
    execution.resume(platz.context, task)
    (now,) = platz.world.tasks(task.deployment_id, pending=False)
    assert (now.status, helm.runs) == (TaskStatus.DONE, ["upgrade"])
    assert now.reason.startswith("NOTES")
    assert "Revision 2 was pending-upgrade since an interrupted run" in now.reason
    assert release.statuses() == {1: "superseded", 2: "failed"}


@pytest.mark.parametrize("before", [{1: "pending-install"}, {1: "superseded", 2: "pending-upgrade"}])
def test_a_revision_that_is_finished_while_the_chart_is_fetched_is_only_written_down(
    before: dict[int, str], platz: Installation, helm: Helm, name: str
) -> None:
    task, release = interrupted(platz, name, before)
    newest = max(before)
    while_fetching(platz, lambda: release.set(newest, "deployed"))
    execution.resume(platz.context, task)
    assert helm.runs == []
    assert release.statuses() == {**before, newest: "deployed"}
    assert_only_written_down(platz, task)


def test_a_revision_that_is_finished_while_helm_waits_for_a_place_is_only_written_down(
    platz: Installation, helm: Helm, name: str
) -> None:
    task, release = interrupted(platz, name, {1: "superseded", 2: "pending-upgrade"})
    helm.while_waiting = lambda: release.set(2, "deployed")
    execution.resume(platz.context, task)
    assert helm.runs == []
    assert_only_written_down(platz, task)


def test_a_deployed_revision_of_another_task_does_not_keep_helm_from_running(
    platz: Installation, helm: Helm, name: str
) -> None:
    task, release = interrupted(platz, name, {})
    release.task = "another"
    release.set(1, "deployed")
    execution.execute(platz.context, task)
    assert helm.runs == ["upgrade"]
