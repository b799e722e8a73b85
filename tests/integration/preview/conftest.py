"""Deployments whose charts a real Helm installs in simulated clusters, and the previews of their changes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from simulated_clusters import simulated

from platz.db import schema
from platz.db.tables.charts import ChartRow
from platz.errors import NotFound, Retryable
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.identities import ChartId, DeploymentId, TaskId
from platz.preview.previews import Previews
from tests.integration.execution.conftest import packaged
from tests.integration.tasks.conftest import Installation, name, platz, world

__all__ = ["name", "platz", "simulated", "world"]

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: {{ .Values.image | default "ok:1" | quote }}}]}
"""
GREETING = """
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting}
data: {text: {{ .Values.config.text | default "hello" | quote }}}
"""


@dataclass
class ChartsOnDisk:
    """A registry whose charts are files: an archive for each tag."""

    folder: Path
    tags: dict[str, Path] = field(default_factory=dict)
    is_away: bool = False

    def put(self, tag: str, templates: Mapping[str, str]) -> None:
        folder = self.folder / tag
        folder.mkdir(exist_ok=True)
        self.tags[tag] = packaged(folder, templates)

    def fetch(self, _registry: object, chart: ChartRow) -> Path:
        if self.is_away:
            raise Retryable("The registry can't be reached.")
        if chart.image_tag not in self.tags:
            raise NotFound("The registry does not have this chart.")
        return self.tags[chart.image_tag]


@dataclass
class Stage:
    """An installation with real Helm, and its previews."""

    platz: Installation
    charts: ChartsOnDisk
    previews: Previews

    def chart(self, tag: str, templates: Mapping[str, str], **columns: Any) -> ChartId:
        """Put a chart into the registry and into the database."""
        self.charts.put(tag, templates)
        with self.platz.world.making() as make:
            return make.chart(self.platz.world.registry, tag, **columns)

    def installed(self, name: str, chart: ChartId, **fields: Any) -> DeploymentId:
        """Create a deployment and install it in its cluster."""
        deployment_id = self.platz.world.create(name, helm_chart_id=chart, **fields)
        self.run()
        return deployment_id

    def updated(self, deployment_id: DeploymentId, **fields: Any) -> None:
        """Change a deployment, and run what follows."""
        self.platz.world.update(deployment_id, **fields)
        self.run()

    def run(self) -> None:
        """Run all tasks; each must succeed."""
        world = self.platz.world
        for cluster in (world.cluster, world.second_cluster):
            for task in self.platz.run(cluster):
                row = world.stored(schema.deployment_tasks, task.id)
                assert row.status.value == "Done", row.reason

    def revisions(self, deployment_id: DeploymentId) -> list[TaskId]:
        """The ids of the Installs and Upgrades, oldest first."""
        tasks = self.platz.world.tasks(deployment_id, pending=False)
        return [TaskId(task.id) for task in tasks if next(iter(task.operation)) in {"Install", "Upgrade"}]

    def snapshot(self, deployment_id: DeploymentId, namespace: str) -> Any:
        """Everything that a preview must leave as it is: the row, the tasks, and the release in the cluster."""
        world = self.platz.world
        client = self.platz.client(world.cluster)
        from platz.kube.api_resources import SECRET

        secrets = client.list_all(SECRET, namespace=namespace).items
        versions = sorted(str(each["metadata"]) for each in secrets)
        return world.row(deployment_id), world.tasks(deployment_id, pending=False), versions


@pytest.fixture(scope="session")
def helm_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelmProcesses]:
    setup = HelmSetup(folder=tmp_path_factory.mktemp("helm"), environment=os.environ)
    processes = HelmProcesses(setup, HelmLimits())
    yield processes
    processes.close()


@pytest.fixture
def stage(platz: Installation, helm_processes: HelmProcesses, tmp_path: Path) -> Stage:
    charts = ChartsOnDisk(tmp_path)
    platz.context = dataclasses.replace(
        platz.context, helm=helm_processes, archives=charts, helm_timeout=timedelta(seconds=30)
    )
    return Stage(platz=platz, charts=charts, previews=Previews(services=platz.context))
