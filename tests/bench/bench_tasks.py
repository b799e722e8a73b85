"""Tasks through the whole house: how soon one starts, and what Platz adds to Helm."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import Figure, quantile

sys.path.append(str(Path(__file__).parents[1] / "acceptance"))

from platz_client import Client, signed_in
from platz_process import PlatzProcess
from waiting import eventually

from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.helm.registry_client import RegistryClient
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig

INSTALLS = 5
RESTARTS = 80
REPOSITORY, TAG = "web-shop", "1.0.0"
CONFIG = {"shop_name": "Bench", "currency": "EUR", "stock": 1, "replicas": 2}


def measure() -> Iterator[Figure]:
    """Install and restart through Platz; install the same chart by the same Helm engine alone."""
    with tempfile.TemporaryDirectory() as folder:
        process = PlatzProcess(Path(folder) / "platz")
        try:
            process.start()
            with signed_in(process.url) as client:
                yield from _figures(process, client, Path(folder))
        finally:
            process.sweep()


def _figures(process: PlatzProcess, client: Client, folder: Path) -> Iterator[Figure]:
    deployments, seconds = [], []
    for number in range(INSTALLS):
        began = time.perf_counter()
        deployment = client.deploy(REPOSITORY, TAG, name=f"bench-{number}", config=CONFIG)
        eventually(lambda id_=deployment["id"]: _all_ready(client, id_), seconds=60, every=0.01)
        seconds.append(time.perf_counter() - began)
        deployments.append(deployment["id"])
    alone = _Alone.prepare(process, client, folder)
    floor = [alone.install(f"alone-{number}") for number in range(INSTALLS)]
    alone.helm.close()
    yield Figure(
        name="install until its workloads are ready and recorded",
        value=statistics.median(seconds),
        unit="s",
        floor=statistics.median(floor),
        floor_is="Helm alone, waiting",
    )
    latencies = _restart_latencies(process, client, deployments[0])
    yield Figure(
        name="a task's insert to its start, p50", value=1000 * statistics.median(latencies), unit="ms"
    )
    yield Figure(name="a task's insert to its start, p99", value=1000 * quantile(latencies, 0.99), unit="ms")


def _all_ready(client: Client, deployment_id: str) -> bool:
    rows = client.items("/k8s-resources", deployment_id=deployment_id)
    return bool(rows) and all(row["status_color"] and set(row["status_color"]) == {"Success"} for row in rows)


def _restart_latencies(process: PlatzProcess, client: Client, deployment_id: str) -> list[float]:
    """Seconds between the commit time's clock of the insert and of the claim, one task at a time."""
    workload = client.items("/k8s-resources", deployment_id=deployment_id)[0]
    body = {"resource_id": workload["id"], "resource_name": workload["name"]}
    for _ in range(RESTARTS):
        client.post(
            "/deployment-tasks", {"deployment_id": deployment_id, "operation": {"RestartK8sResource": body}}
        )
        client.settled(deployment_id)
    query = (
        "select extract(epoch from started_at - created_at)::float8 from deployment_tasks"
        " where operation ? 'RestartK8sResource'"
    )
    return [float(str(row[0])) for row in process.sql(query)]


@dataclass
class _Alone:
    """The Helm engine of Platz without Platz: same chart, same values, same cluster, and Helm's own waiting."""

    helm: HelmProcesses
    kube: KubeClient
    archive: Path
    values: dict[str, Any]

    @classmethod
    def prepare(cls, process: PlatzProcess, client: Client, folder: Path) -> _Alone:
        chart = client.chart(REPOSITORY, TAG)
        with RegistryClient(f"http://127.0.0.1:{process.ports['PLATZ_REGISTRY_PORT']}") as registry:
            archive = folder / "chart.tgz"
            archive.write_bytes(registry.pull_chart(REPOSITORY, chart["image_digest"]))
        choice = KubeconfigChoice(home=Path.home(), file=process.kubeconfig, context="east")
        helm = HelmProcesses(HelmSetup(folder=folder, environment=dict(os.environ)), HelmLimits())
        helm.start()
        values = {"shop": {"name": "Bench", "stock": 1}, "web": {"replicas": 2}}
        return cls(helm, KubeClient(access_from_kubeconfig(choice, environment={})), archive, values)

    def install(self, release: str) -> float:
        began = time.perf_counter()
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": release}}
        self.kube.create(NAMESPACE, document)
        run = HelmRun(
            action=HelmAction.INSTALL,
            release=release,
            namespace=release,
            chart_archive=self.archive,
            values=self.values,
            wait=True,
        )
        outcome = self.helm.run(run, kubeconfig=as_kubeconfig(self.kube.access))
        assert outcome.ok, outcome.output
        return time.perf_counter() - began
