"""A world whose clusters are simulated, and the services with which its tasks run; Helm only remembers its runs."""

from __future__ import annotations

import base64
import dataclasses
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from claims import new_claim
from simulated_clusters import SimulatedClusters, east, namespace, simulated
from waiting import eventually

from platz import boot_clock
from platz.access.tokens import Tokens
from platz.actors.served_clusters import ServedClusters
from platz.charts.documents.features import OutsideChanges
from platz.db import task_queue
from platz.db.database import Database
from platz.db.tables import left_namespaces
from platz.db.tables.tasks import TaskRow
from platz.helm.engine import HelmOutcome, HelmRun
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.transport import KubeTimeouts
from platz.observation.deployment_credentials import Credentials
from platz.observation.finished_removals import finish_removals
from platz.tasks import clearing, execution
from platz.tasks.context import OperationContext
from tests.database import free_port
from tests.integration.changes.world import World

__all__ = ["east", "namespace", "simulated"]

KEY = base64.b64encode(bytes(64)).decode()


@dataclass
class Helm:
    """Remembers what it was to do, and does nothing; a run for which ``refuses`` has a text fails with it."""

    runs: list[HelmRun] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    def run(
        self, run: HelmRun, *, kubeconfig: JsonObject, confirm: Callable[[], float], **_more: object
    ) -> HelmOutcome:
        assert kubeconfig
        confirm()
        self.runs.append(run)
        reason = self.refuses.get("dry run" if run.dry_run else run.action.value)
        return HelmOutcome(ok=reason is None, output=reason or "")

    def done(self) -> list[tuple[str, str]]:
        """The runs that were to change something: action and release."""
        return [(run.action.value, run.release) for run in self.runs if not run.dry_run]


@dataclass(frozen=True)
class Archives:
    """A source that has the same small chart for every row."""

    archive: Path

    def fetch(self, _registry: object, _chart: object) -> Path:
        return self.archive


def small_chart(folder: Path) -> Path:
    archive = folder / "shop-1.0.0.tgz"
    content = b"apiVersion: v2\nname: shop\nversion: 1.0.0\n"
    member = tarfile.TarInfo("shop/Chart.yaml")
    member.size = len(content)
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(member, io.BytesIO(content))
    return archive


@dataclass
class Installation:
    """A world with two reachable clusters, the context of the process that serves both, and what its tasks did."""

    world: World
    helm: Helm
    served: ServedClusters
    context: OperationContext
    access: dict[ClusterId, ClusterAccess]

    def serve(self, *clusters: ClusterId) -> None:
        """Serve just these clusters."""
        self.served.clear()
        for cluster in clusters:
            self.served.put(cluster, self.access[cluster])

    def kill(self, cluster: ClusterId) -> None:
        """Make a cluster unreachable: nothing listens at its address any more."""
        dead = dataclasses.replace(self.access[cluster], server=f"https://127.0.0.1:{free_port()}")
        self.served.put(cluster, dead)

    def revive(self, cluster: ClusterId) -> None:
        """Make a cluster reachable again."""
        self.served.put(cluster, self.access[cluster])

    def beside(self, *clusters: ClusterId) -> Installation:
        """Return another process on the same database, which serves these clusters only."""
        other = dataclasses.replace(self, served=ServedClusters())
        claim = new_claim(self.world.database)
        other.context = dataclasses.replace(self.context, kube=other.served.client, claim=claim)
        other.serve(*clusters)
        return other

    def run(self, cluster: ClusterId) -> list[TaskRow]:
        """Run all due tasks of a cluster to their ends, as its runner does, and return them."""
        ran: list[TaskRow] = []
        while True:
            with self.world.database.transaction() as connection:
                claimed = task_queue.claim(connection, cluster_id=cluster, claim=self.context.claim, most=1)
            if not claimed:
                return ran
            execution.execute(self.context, claimed[0])
            ran += claimed

    def clear(self, cluster: ClusterId) -> None:
        """Clear what was left behind in a cluster, as its runner does now and then."""
        clearing.clear_cluster(self.context, cluster)

    def finish(self, cluster: ClusterId) -> list[DeploymentId]:
        """Look for finished removals, as the tracker does now and then."""
        return finish_removals(self.world.database, self.client(cluster), cluster)

    def client(self, cluster: ClusterId) -> KubeClient:
        return KubeClient(self.access[cluster], timeouts=KubeTimeouts(connect=2.0, read=10.0))

    def namespace(self, cluster: ClusterId, name: str) -> JsonObject | None:
        return self.client(cluster).find(NAMESPACE, name=name)

    def going(self, cluster: ClusterId, name: str) -> bool:
        """Whether a namespace is gone or being deleted."""
        found = self.namespace(cluster, name)
        return found is None or "deletionTimestamp" in cast("JsonObject", found["metadata"])

    def gone(self, cluster: ClusterId, name: str) -> bool:
        """Wait until a namespace is gone."""
        return eventually(lambda: self.namespace(cluster, name) is None)

    def left(self, deployment_id: DeploymentId) -> set[tuple[ClusterId, str]]:
        with self.world.database.reading() as connection:
            rows = left_namespaces.of_deployment(connection, deployment_id)
        return {(row.cluster_id, row.namespace) for row in rows}

    def ends(self, deployment_id: DeploymentId) -> list[tuple[str, str]]:
        """The operations of a deployment so far, with the statuses of their tasks."""
        rows = self.world.tasks(deployment_id, pending=False)
        return [(next(iter(row.operation)), row.status.value) for row in rows]

    def reason(self, deployment_id: DeploymentId) -> str:
        row = self.world.row(deployment_id)
        assert row is not None
        return row.reason or ""

    def status(self, deployment_id: DeploymentId) -> str:
        row = self.world.row(deployment_id)
        assert row is not None
        return row.status.value


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)


@pytest.fixture
def platz(
    world: World, database: Database, simulated: SimulatedClusters, tmp_path: Path
) -> Iterator[Installation]:
    """An installation whose clusters "blue" and "green" are simulated, and served by this process."""
    helm, served = Helm(), ServedClusters()
    credentials = Credentials(
        tokens=Tokens(lambda: KEY), own_url="https://platz.test/", lifetime=timedelta(hours=1)
    )
    context = OperationContext(
        database=world.database,
        kube=served.client,
        helm=helm,
        archives=Archives(small_chart(tmp_path)),
        caller=cast("Any", None),
        credentials=credentials,
        cipher=world.cipher,
        helm_timeout=timedelta(seconds=2),
        outside_changes=OutsideChanges.TAKE_OVER,
        claim=new_claim(database),
        safe_until=lambda _lease: boot_clock.now() + 600,
    )
    access = {world.cluster: simulated.access["east"], world.second_cluster: simulated.access["west"]}
    platz = Installation(world=world, helm=helm, served=served, context=context, access=access)
    platz.serve(*access)
    yield platz
    served.clear()


@pytest.fixture
def name() -> str:
    """A name that no other test has in these clusters."""
    return f"t{uuid4().hex[:8]}"
