"""The operation context: the services that operations use. Operations are plain functions that take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from platz.charts.documents.features import OutsideChanges
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.tables.charts import ChartRow
from platz.db.tables.registries import RegistryRow
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
        owner: str = "",
        fresh_token: Callable[[], str | None] | None = None,
    ) -> HelmOutcome:
        """Run Helm to its end; raise `HelmKilled` if Platz stopped it first."""
        ...


class ChartArchives(Protocol):
    """A source of packaged charts."""

    def fetch(self, registry: RegistryRow, chart: ChartRow) -> Path:
        """Return the chart's verified archive on disk; raise `Retryable` or `Rejected`."""
        ...


@dataclass(frozen=True, kw_only=True)
class OperationContext:
    """The services that operations use.

    ``kube`` returns the client of a cluster that this process serves, or raises `ClusterNotServed`. ``cipher`` decrypts
    values that are encrypted at rest. ``outside_changes`` is the policy of this installation. ``owner`` names the
    runner of the task, so that a runner that ends stops only its own Helm child processes; ``host`` is the runner
    itself, for a task that has to wait.
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
    owner: str = ""
    host: TaskHost = NO_HOST

    def run_helm(self, run: HelmRun, *, cluster_id: ClusterId) -> HelmOutcome:
        """Run Helm against a cluster with a fresh kubeconfig.

        Raises `KubeUnreachable` if Platz stopped it because the cluster fell silent, `Interrupted` if for another
        reason.
        """
        access = self.kube(cluster_id).access
        try:
            return self.helm.run(
                run,
                kubeconfig=as_kubeconfig(access),
                owner=self.owner,
                fresh_token=successors_of_token(access.credentials),
            )
        except HelmKilled as error:
            if self.host.stopped_helm_of_silent_cluster():
                raise KubeUnreachable(
                    f"Cluster {access.name} fell silent while Helm worked on it."
                ) from error
            raise Interrupted from error
