"""The operation context: the services that operations use. Operations are plain functions that take it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from platz import boot_clock
from platz.charts.documents.features import OutsideChanges
from platz.config import Role
from platz.db import task_queue
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.leases import cluster_lease
from platz.db.tables.charts import ChartRow
from platz.db.tables.lease_rows import Lease
from platz.db.tables.registries import RegistryRow
from platz.db.tables.tasks import TaskRow
from platz.db.task_queue import Claim, ClaimLost
from platz.errors import PlatzError
from platz.helm.diagnosis import HelmKilled
from platz.helm.engine import HelmOutcome, HelmRun
from platz.identities import ClusterId
from platz.json import JsonObject
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.credentials import successors_of_token
from platz.kube.errors import KubeUnreachable
from platz.observation.deployment_credentials import Credentials
from platz.observation.ingress import IngressCaller
from platz.tasks.task_host import NO_HOST, TaskHost


class Interrupted(PlatzError):
    """The task was stopped because this process must no longer work on it; the next owner goes on."""


class ClusterNotServed(PlatzError):
    """Platz does not look after this cluster at present: it is ignored, or was not found."""


class HelmRunner(Protocol):
    """A runner of Helm in child processes (`platz.helm.process_pool.HelmProcesses`)."""

    def run(
        self,
        run: HelmRun,
        *,
        kubeconfig: JsonObject,
        owner: str,
        co_owners: Collection[str],
        confirm: Callable[[], float | None],
        fresh_token: Callable[[], str | None] | None,
    ) -> HelmOutcome:
        """Run Helm to its end once ``confirm`` allows it; raise `HelmKilled` if Platz stopped it first."""
        ...


class ChartArchives(Protocol):
    """A source of packaged charts."""

    def fetch(self, registry: RegistryRow, chart: ChartRow) -> Path:
        """Return the chart's verified archive on disk; raise `Retryable` or `Rejected`."""
        ...


@dataclass(frozen=True, kw_only=True)
class TaskServices:
    """The services that operations use, and previews of what they would do.

    ``kube`` returns the client of a cluster that this process serves, or raises `ClusterNotServed`. ``cipher`` decrypts
    values that are encrypted at rest. ``outside_changes`` is the policy of this installation.
    """

    database: Database
    kube: Callable[[ClusterId], KubeClient]
    helm: HelmRunner
    archives: ChartArchives
    caller: IngressCaller
    credentials: Credentials
    cipher: Cipher
    helm_timeout: timedelta
    outside_changes: OutsideChanges


@dataclass(frozen=True, kw_only=True)
class OperationContext(TaskServices):
    """The services, and the right to change something with them.

    ``claim`` is that of the task's runner, and ``safe_until`` returns until when, by the boot clock, work under its
    lease is safe; ``host`` is the runner itself, for a task that has to wait.
    """

    safe_until: Callable[[Lease], float]
    claim: Claim
    host: TaskHost = NO_HOST

    @property
    def owner(self) -> str:
        """The name of the runner as the owner of Helm child processes."""
        return str(self.claim.id)

    @contextmanager
    def changing(self, task: TaskRow) -> Generator[Connection]:
        """Provide a transaction for a change that a running task makes.

        Raises `Interrupted` when the task is no longer this runner's. The deployment's row is locked.
        """
        with self.database.transaction() as connection:
            try:
                task_queue.hold(connection, task, self.claim)
            except ClaimLost as error:
                raise Interrupted from error
            yield connection

    def run_helm(
        self,
        run: HelmRun,
        *,
        cluster_id: ClusterId,
        task: TaskRow | None,
        last_look: Callable[[], object] = lambda: None,
    ) -> HelmOutcome:
        """Run Helm against a cluster, with a fresh kubeconfig, for a task or for the clearing of a left place (None).

        ``last_look`` is called just before Helm begins, and may raise an error instead. Raises `KubeUnreachable` if
        Platz stopped Helm because the cluster fell silent, `Interrupted` if for another reason, or if the task or the
        lease is no longer this runner's.
        """
        access = self.kube(cluster_id).access
        tasks = () if task is None else (str(task.id),)

        def confirm() -> float:
            last_look()
            return self._confirmed(task)

        try:
            return self.helm.run(
                run,
                kubeconfig=as_kubeconfig(access),
                owner=self.owner,
                co_owners=(*tasks, cluster_lease(cluster_id, Role.DEPLOY)),
                confirm=confirm,
                fresh_token=successors_of_token(access.credentials),
            )
        except HelmKilled as error:
            if self.host.stopped_helm_of_silent_cluster():
                raise KubeUnreachable(
                    f"Cluster {access.name} fell silent while Helm worked on it."
                ) from error
            raise Interrupted from error

    def _confirmed(self, task: TaskRow | None) -> float:
        """Ask the database whether the work may go on, and return until when; raise `Interrupted` if it may not.

        Another process can have the lease at the earliest some seconds after the time that is returned.
        """
        until = self.safe_until(self.claim.lease)
        with self.database.reading() as connection:
            if task is None:
                allowed = task_queue.is_in_force(connection, self.claim.lease)
            else:
                allowed = task_queue.may_go_on(connection, task, self.claim)
        if not allowed or boot_clock.now() >= until:
            raise Interrupted
        return until
