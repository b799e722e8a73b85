"""Given a cluster that does not let Platz read DaemonSets or CronJobs, then all else works, and they come when it does.

Source: docs/contract/workers.md, "Watches of a cluster".
"""

from __future__ import annotations

from typing import Any

import pytest
from simulated_clusters import SimulatedClusters
from tracking import Tracking, make, shown
from waiting import eventually

from platz.identities import DeploymentId
from platz.kube.api_resources import CRON_JOB, DAEMON_SET, DEPLOYMENT
from platz.kube.client import KubeClient
from platz.kube.watch import _REFUSED_SECONDS
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control

NODES = 2
POD: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "example/i"}], "restartPolicy": "Always"},
}
RUN_TO_END = {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}


def agents(template: dict[str, Any]) -> dict[str, Any]:
    return {"selector": {"matchLabels": {"a": "b"}}, "template": template}


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
