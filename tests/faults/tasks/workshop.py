"""A deployment's tasks with real Helm on a simulated cluster, behind a relay that can be cut."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from tcp_relay import Relay
from waiting import eventually

from platz.db import task_queue
from platz.db.enums import TaskStatus
from platz.db.schema import deployment_tasks, deployments
from platz.db.tables.tasks import TaskRow
from platz.identities import ClusterId, DeploymentId
from platz.kube.client import KubeClient
from platz.tasks import execution
from platz.tasks.context import Interrupted, OperationContext
from tests.integration.changes.world import World


@dataclass
class Host:
    """A task's host that remembers what the task asked for, and can let go of it."""

    doubted: list[ClusterId] = field(default_factory=list)
    when_doubted: Callable[[ClusterId], None] = lambda _cluster_id: None
    sleeps: list[float] = field(default_factory=list)
    letting_go: threading.Event = field(default_factory=threading.Event)

    def waiting(self) -> AbstractContextManager[object]:
        return nullcontext()

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        if self.letting_go.wait(seconds):
            raise Interrupted

    def doubt_access(self, cluster_id: ClusterId) -> None:
        self.doubted.append(cluster_id)
        self.when_doubted(cluster_id)

    def stopped_helm_of_silent_cluster(self) -> bool:
        return False


@dataclass
class Workshop:
    """A world whose cluster is a simulated one behind ``relay``, and the execution of its tasks."""

    world: World
    relay: Relay
    client: KubeClient
    host: Host
    context: OperationContext
    templates: dict[str, str]

    def begin(self) -> threading.Thread:
        """Claim the next task and run it on a thread."""
        with self.world.database.transaction() as connection:
            (task,) = task_queue.claim(
                connection, cluster_id=self.world.cluster, claim=self.context.claim, most=1
            )
        thread = threading.Thread(target=self._execute, args=[task], daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Claim the next task and run it to its end."""
        self.begin().join(timeout=60)

    def _execute(self, task: TaskRow) -> None:
        try:
            execution.execute(self.context, task)
        except Interrupted:
            return

    def with_limit(self, seconds: float) -> None:
        """Give tasks this much time."""
        self.context = dataclasses.replace(self.context, helm_timeout=timedelta(seconds=seconds))

    def last_task(self, deployment_id: DeploymentId) -> tuple[TaskStatus, str]:
        task = self.world.tasks(deployment_id, pending=False)[-1]
        row = self.world.stored(deployment_tasks, task.id)
        return row.status, row.reason or ""

    def words(self, deployment_id: DeploymentId) -> str:
        """What the deployment says about its state."""
        return self.world.stored(deployments, deployment_id).reason or ""

    def waits(self, deployment_id: DeploymentId) -> str:
        """Wait until the task says for what it waits, and return that."""

        def look() -> str:
            status, reason = self.last_task(deployment_id)
            return reason if status is TaskStatus.STARTED and reason.startswith("Waiting for") else ""

        return eventually(look, seconds=30)
