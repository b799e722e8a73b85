"""Given a cluster with a new address or certificate, when a task works on it, then a search is asked for and awaited.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from workshop import Workshop

from platz.actors.served_clusters import ServedClusters
from platz.db.enums import TaskStatus
from platz.identities import ClusterId
from platz_sandbox.kubernetes.certificates import Authority

NOBODY = "https://127.0.0.1:1"


@pytest.fixture(params=["a new address", "a new authority"])
def outdated(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What was known about the cluster before it changed."""
    if request.param == "a new address":
        return {"server": NOBODY}
    return {"ca": Authority(tmp_path).path.read_bytes()}


def test_a_task_goes_on_with_what_the_search_finds(
    outdated: dict[str, Any], workshop: Workshop, simulated: SimulatedClusters
) -> None:
    served, present = ServedClusters(), simulated.access["east"]
    served.put(workshop.world.cluster, dataclasses.replace(present, **outdated))
    found: list[ClusterId] = []

    def search(cluster_id: ClusterId) -> None:
        found.append(cluster_id)
        served.put(cluster_id, present)

    workshop.context = dataclasses.replace(workshop.context, kube=served.client)
    workshop.host.when_doubted = search
    deployment = workshop.world.create(f"moved-{uuid4().hex[:8]}")
    workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE, words
    assert found == [workshop.world.cluster]
    served.clear()
