"""The subject of a task, read when the task starts: the deployment with its cluster, and its revision."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from platz.charts.documents.derived_names import namespace_name
from platz.db.tables import charts, clusters, deployments, envs, kinds, registries, tasks
from platz.db.tables.charts import ChartRow
from platz.db.tables.clusters import ClusterRow
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.envs import EnvRow
from platz.db.tables.left_namespaces import Place
from platz.db.tables.registries import RegistryRow
from platz.db.tables.tasks import TaskRow
from platz.errors import Conflict, NotFound
from platz.identities import ChartId, DeploymentId, TaskId
from platz.json import JsonValue
from platz.tasks.operations import Install, Upgrade, from_json


@dataclass(frozen=True, kw_only=True)
class TaskTarget:
    """The deployment of a task as it is now, with its kind, cluster and environment."""

    deployment: DeploymentRow
    kind_name: str
    cluster: ClusterRow
    assigned_env: EnvRow | None

    @property
    def env(self) -> EnvRow:
        """The environment; raises `Conflict` if the cluster has none."""
        if self.assigned_env is None:
            raise Conflict(
                f"Cluster {self.cluster.name} does not belong to an environment. Assign it to one first."
            )
        return self.assigned_env

    @property
    def namespace(self) -> str:
        """The name of the namespace, which is also the name of the release.

        Source: docs/contract/workers.md, "Names that recur".
        """
        return namespace_name(self.kind_name, self.deployment.name)

    @property
    def place(self) -> Place:
        """The cluster and the namespace in which the deployment belongs."""
        return Place(cluster_id=self.cluster.id, namespace=self.namespace)


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A revision: the chart and inputs that an Install or Upgrade task installs."""

    task_id: TaskId
    chart: ChartRow
    registry: RegistryRow
    inputs: JsonValue


def load_target(connection: Connection, task: TaskRow) -> TaskTarget:
    """Read the deployment of a task; raise `NotFound` if it or its cluster is gone."""
    return target_of(connection, task.deployment_id)


def target_of(connection: Connection, deployment_id: DeploymentId) -> TaskTarget:
    """Read a deployment as its tasks see it; raise `NotFound` if it or its cluster is gone."""
    deployment = deployments.get(connection, deployment_id)
    if deployment is None:
        raise NotFound("The deployment does not exist any more.")
    kind = kinds.get(connection, deployment.kind_id)
    cluster = clusters.get(connection, deployment.cluster_id)
    if kind is None or cluster is None:
        raise NotFound("The deployment's cluster does not exist any more.")
    env = envs.get(connection, cluster.env_id) if cluster.env_id else None
    return TaskTarget(deployment=deployment, kind_name=kind.name, cluster=cluster, assigned_env=env)


def load_revision(connection: Connection, task: TaskRow) -> Revision:
    """Read what a task installs; raise `NotFound` if the chart is gone, `Conflict` if it is no Install or Upgrade."""
    operation = from_json(task.operation)
    if not isinstance(operation, Install | Upgrade):
        raise Conflict("The deployment's revision is not an Install or Upgrade task.")
    chart, registry = load_chart(connection, operation.helm_chart_id)
    return Revision(task_id=task.id, chart=chart, registry=registry, inputs=operation.config_inputs)


def load_present_revision(connection: Connection, deployment: DeploymentRow) -> Revision:
    """Read the revision that is installed now; raise `Conflict` if there is none, `NotFound` if its chart is gone."""
    task = tasks.get(connection, deployment.revision_id) if deployment.revision_id else None
    if task is None:
        raise Conflict("The deployment is not installed, so there is nothing to work on.")
    return load_revision(connection, task)


def load_chart(connection: Connection, chart_id: UUID) -> tuple[ChartRow, RegistryRow]:
    """Read a chart and its registry; raise `NotFound`."""
    chart = charts.get(connection, ChartId(chart_id))
    registry = registries.get(connection, chart.helm_registry_id) if chart else None
    if chart is None or registry is None:
        raise NotFound("The chart does not exist any more.")
    return chart, registry
