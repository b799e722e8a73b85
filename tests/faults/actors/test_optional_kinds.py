"""Given a cluster that does not let Platz read DaemonSets or CronJobs, then all else works, and they come when it does.

Source: docs/contract/workers.md, "Watches of a cluster".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from sqlalchemy import text
from tracking import Tracking
from waiting import eventually

from platz.identities import DeploymentId
from platz.kube.api_resources import CRON_JOB, DAEMON_SET, DEPLOYMENT, NAMESPACE, ResourceKind
from platz.kube.client import KubeClient
from platz.kube.namespaces import delete_namespace, ensure_namespace
from platz.kube.watch import _REFUSED_SECONDS
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control

NODES = 2
POD: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "example/i"}], "restartPolicy": "Always"},
}
RUN_TO_END = {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}


@pytest.fixture
def deployment(tracking: Tracking, simulated: SimulatedClusters) -> Iterator[tuple[DeploymentId, str]]:
    """A deployment whose namespace exists in the tracked cluster."""
    name = f"agent-{uuid4().hex[:8]}"
    deployment_id = tracking.world.installed(name)
    client = KubeClient(simulated.access["east"])
    ensure_namespace(client, name=name, deployment_id=deployment_id)
    yield deployment_id, name
    delete_namespace(client, name=name)
    eventually(lambda: client.find(NAMESPACE, name=name) is None)
    client.abort()


def make(simulated: SimulatedClusters, kind: ResourceKind, namespace: str, spec: dict[str, Any]) -> None:
    client = KubeClient(simulated.access["east"])
    document: Any = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "agent"}}
    client.create(kind, {**document, "spec": spec}, namespace=namespace)
    client.abort()


def agents(template: dict[str, Any]) -> dict[str, Any]:
    return {"selector": {"matchLabels": {"a": "b"}}, "template": template}


def shown(tracking: Tracking, deployment_id: DeploymentId) -> dict[str, list[str]]:
    """Return the dots of the deployment's workloads by kind."""
    query = text("select kind, status_color from k8s_resources where deployment_id = :id")
    with tracking.world.database.reading() as connection:
        return {kind: list(colors) for kind, colors in connection.execute(query, {"id": deployment_id})}


def test_daemon_sets_and_cron_jobs_are_shown_with_their_dots(
    tracking: Tracking, simulated: SimulatedClusters, deployment: tuple[DeploymentId, str]
) -> None:
    deployment_id, namespace = deployment
    make(simulated, DAEMON_SET, namespace, agents(POD))
    nightly = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": RUN_TO_END}}}
    make(simulated, CRON_JOB, namespace, nightly)
    eventually(
        lambda: shown(tracking, deployment_id) == {"DaemonSet": ["Success"] * NODES, "CronJob": []},
        seconds=20,
    )
    client = KubeClient(simulated.access["east"])
    client.delete(DAEMON_SET, name="agent", namespace=namespace)
    client.abort()
    eventually(lambda: shown(tracking, deployment_id) == {"CronJob": []}, seconds=20)


@pytest.mark.parametrize("code", [403, 404], ids=["forbidden", "unknown to the cluster"])
def test_a_cluster_that_refuses_them_is_well_without(
    code: int, tracking: Tracking, simulated: SimulatedClusters, deployment: tuple[DeploymentId, str]
) -> None:
    deployment_id, namespace = deployment
    path = "/(daemonsets|cronjobs)$"
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", path=path, code=code):
        tracking.serve()  # the watches begin anew
        tracking.recovers()
        make(simulated, DEPLOYMENT, namespace, {"replicas": 1, **agents(POD)})
        eventually(lambda: shown(tracking, deployment_id) == {"Deployment": ["Success"]}, seconds=20)
        assert tracking.health() == (True, None)


def test_a_right_that_is_given_later_is_noticed() -> None:
    assert _REFUSED_SECONDS <= 60
