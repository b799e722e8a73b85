"""Given a cluster that is away for a moment, when a task works on it, then the task waits and succeeds.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from waiting import eventually
from workshop import Workshop

from platz.db.enums import DeploymentStatus, TaskStatus
from platz.helm.releases import ReleaseStatus, revisions
from platz.identities import DeploymentId
from platz.kube.client import KubeClient
from platz.kube.secret_objects import Secrets
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control


def statuses(client: KubeClient, release: str) -> list[ReleaseStatus]:
    found = revisions(Secrets(client), namespace=release, release=release)
    return [revision.status for revision in found]


def away(workshop: Workshop) -> None:
    workshop.relay.refuse()
    workshop.relay.cut()


def back(workshop: Workshop) -> None:
    workshop.relay.refuse(refusing=False)


def fresh(workshop: Workshop) -> tuple[DeploymentId, str]:
    """Create a deployment of its own name, so that no test meets another one's namespace."""

    name = f"away-{uuid4().hex[:8]}"
    return workshop.world.create(name), f"webshop-{name}"


def test_a_cluster_that_is_away_from_the_beginning_is_waited_for(
    workshop: Workshop, east: KubeClient
) -> None:
    deployment, release = fresh(workshop)
    away(workshop)
    task = workshop.begin()
    assert "Waiting for cluster east" in workshop.waits(deployment)
    assert workshop.words(deployment).startswith("Waiting for cluster east")
    back(workshop)
    task.join(timeout=60)
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE, words
    assert re.search(r"waited \d+ s for cluster east\.$", words)
    assert workshop.words(deployment) == ""
    assert statuses(east, release) == [ReleaseStatus.DEPLOYED]


DROPPED = {"action": Action.DROP}
THROTTLED = {"action": Action.STATUS, "code": 429, "retry_after": 1}
UNAVAILABLE = {"action": Action.STATUS, "code": 503}
BROKEN = {"action": Action.STATUS, "code": 500}


@pytest.mark.parametrize(
    ("verb", "path", "fault"),
    [
        ("create", "/namespaces$", DROPPED),
        ("create", "/namespaces$", UNAVAILABLE),
        ("patch", "/secrets/platz-creds", THROTTLED),
        ("list", "/secrets$", BROKEN),
        ("get", "^/version", DROPPED),
        ("create", "/secrets$", UNAVAILABLE),
        ("patch", "/configmaps/", DROPPED),
        ("patch", "/configmaps/", BROKEN),
        ("update", "/secrets/sh.helm", DROPPED),
        ("update", "/secrets/sh.helm", UNAVAILABLE),
    ],
)
def test_a_fault_at_any_step_of_an_install_is_outlived(
    verb: str,
    path: str,
    fault: dict[str, object],
    workshop: Workshop,
    east: KubeClient,
    simulated: SimulatedClusters,
) -> None:
    deployment, release = fresh(workshop)
    with Control.of(simulated.facts).fault(cluster="east", verb=verb, path=path, count=3, **fault):  # type: ignore[arg-type]
        workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE, words
    assert statuses(east, release)[-1] is ReleaseStatus.DEPLOYED


def test_an_upgrade_that_was_cut_off_is_recovered_as_after_a_crash(
    workshop: Workshop, east: KubeClient, simulated: SimulatedClusters
) -> None:
    deployment, release = fresh(workshop)
    workshop.run()
    workshop.world.update(deployment, values_override={"a": 1})
    control = Control.of(simulated.facts)
    with control.fault(Action.HANG, cluster="east", verb="patch", path="/configmaps/"):
        task = workshop.begin()
        eventually(lambda: statuses(east, release)[-1] is ReleaseStatus.PENDING_UPGRADE, seconds=30)
        away(workshop)
        workshop.waits(deployment)
    back(workshop)
    task.join(timeout=60)
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE, words
    assert statuses(east, release) == [
        ReleaseStatus.SUPERSEDED,
        ReleaseStatus.FAILED,
        ReleaseStatus.DEPLOYED,
    ]


def test_a_cluster_that_stays_away_fails_the_task_at_its_limit(workshop: Workshop) -> None:
    deployment, _ = fresh(workshop)
    workshop.with_limit(3)
    away(workshop)
    workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.FAILED
    assert re.search(r"^Cluster east .*\. Platz waited [1-9] s for cluster east\.$", words), words
    row = workshop.world.row(deployment)
    assert row is not None
    assert (row.status, row.reason) == (DeploymentStatus.ERROR, words)


def test_an_uninstall_waits_too(workshop: Workshop, east: KubeClient) -> None:
    deployment, release = fresh(workshop)
    workshop.run()
    workshop.world.update(deployment, enabled=False)
    away(workshop)
    task = workshop.begin()
    workshop.waits(deployment)
    back(workshop)
    task.join(timeout=60)
    status, words = workshop.last_task(deployment)
    assert (status, words.startswith("Platz waited")) == (TaskStatus.DONE, True), words
    eventually(lambda: statuses(east, release) == [])


def test_a_pause_that_the_cluster_asks_for_is_kept_ten_times_in_a_row(
    workshop: Workshop, simulated: SimulatedClusters
) -> None:
    deployment, _ = fresh(workshop)
    fault = {"verb": "create", "path": "/namespaces$", "count": 10, "code": 429, "retry_after": 1}
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", **fault):
        workshop.run()
    status, words = workshop.last_task(deployment)
    assert status is TaskStatus.DONE, words
    assert all(seconds >= 1 for seconds in workshop.host.sleeps)


def test_a_task_that_waits_is_let_go_at_once(workshop: Workshop) -> None:
    deployment, _ = fresh(workshop)
    away(workshop)
    task = workshop.begin()
    workshop.waits(deployment)
    workshop.host.letting_go.set()
    task.join(timeout=10)
    assert not task.is_alive()
    status, _ = workshop.last_task(deployment)
    assert status is TaskStatus.STARTED


def test_a_fault_that_new_access_may_mend_casts_doubt_on_it(workshop: Workshop) -> None:
    deployment, _ = fresh(workshop)
    workshop.relay.close()
    task = workshop.begin()
    workshop.waits(deployment)
    assert workshop.host.doubted[0] == workshop.world.cluster
    workshop.host.letting_go.set()
    task.join(timeout=10)
