"""Given clusters whose namespaces can't be looked at in time, then what their watches report is written all the same.

Source: docs/contract/workers.md, "Workload rows".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from simulated_clusters import SimulatedClusters
from tracking import Tracking, make, shown
from waiting import eventually

from platz.actors.resource_tracker import WRITERS
from platz.actors.served_clusters import ServedClusters
from platz.errors import Retryable
from platz.identities import ClusterId, DeploymentId
from platz.kube.api_resources import CRON_JOB
from platz.kube.client import KubeClient

NIGHTLY = {
    "schedule": "0 3 * * *",
    "jobTemplate": {
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "c", "image": "example/i"}], "restartPolicy": "Never"}
            }
        }
    },
}


@pytest.fixture
def waiting_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[ClusterId]]:
    """The clusters whose look at their namespaces has begun; none gets further before the test is over."""
    clusters: set[ClusterId] = set()
    over = threading.Event()

    def client(_served: ServedClusters, cluster_id: ClusterId) -> KubeClient:
        clusters.add(cluster_id)
        over.wait(60)
        raise Retryable("The cluster does not answer.")

    monkeypatch.setattr(ServedClusters, "client", client)
    yield clusters
    over.set()


def test_workloads_are_written_while_as_many_looks_wait_as_there_are_writers(
    waiting_looks: set[ClusterId],
    tracking: Tracking,
    simulated: SimulatedClusters,
    deployment: tuple[DeploymentId, str],
) -> None:
    deployment_id, namespace = deployment
    for number in range(WRITERS):
        with tracking.world.making() as making:
            tracking.serve(making.cluster(f"slow-{number}", tracking.world.env))
    eventually(lambda: len(waiting_looks) >= WRITERS, seconds=30)
    make(simulated, CRON_JOB, namespace, NIGHTLY)
    eventually(lambda: shown(tracking, deployment_id) == {"CronJob": []}, seconds=20)
