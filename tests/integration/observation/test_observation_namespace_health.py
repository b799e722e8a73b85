"""A deployment whose namespace is gone, going or without its marks says so, until it has it again.

Source: docs/contract/workers.md, "Lost namespaces".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.client import KubeClient
from platz.observation.namespace_health import look_at_namespaces
from tests.integration.changes.world import World


@dataclass
class Cluster:
    """A cluster that has at most one namespace."""

    has: JsonObject | None = None
    cluster: str = "blue"
    looks: int = 0

    def find(self, _kind: object, *, name: str) -> JsonObject | None:
        assert name == "webshop-blue"
        self.looks += 1
        return self.has


def namespace(deployment_id: DeploymentId | None, **metadata: Any) -> JsonObject:
    annotations = {} if deployment_id is None else {"platz_deployment_id": str(deployment_id)}
    return {
        "metadata": {"name": "webshop-blue", "labels": {"platz": "yes"}, "annotations": annotations}
        | metadata
    }


def look(world: World, cluster: Cluster, present: dict[str, DeploymentId]) -> None:
    look_at_namespaces(world.database, cast("KubeClient", cluster), world.cluster, present)


def shown(world: World, deployment_id: DeploymentId) -> tuple[str, str]:
    row = world.row(deployment_id)
    assert row is not None
    return row.status.value, row.reason or ""


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (None, "does not exist any more. Disable and enable the deployment"),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, "is still being deleted"),
        ({"annotations": {}}, "kubectl annotate --overwrite namespace webshop-blue platz_deployment_id="),
        ({"labels": {}}, "kubectl label --overwrite namespace webshop-blue platz=yes"),
    ],
)
def test_a_lost_namespace_is_shown_until_it_is_back(
    world: World, metadata: dict[str, Any] | None, told: str
) -> None:
    blue = world.installed("blue")
    cluster = Cluster(has=None if metadata is None else namespace(blue, **metadata))
    look(world, cluster, {})
    status, reason = shown(world, blue)
    assert status == "Error"
    assert told in reason
    look(world, cluster, {"webshop-blue": blue})
    assert shown(world, blue) == ("Running", "")


def test_a_watch_that_is_late_changes_nothing(world: World) -> None:
    blue = world.installed("blue")
    look(world, Cluster(has=namespace(blue)), {})
    assert shown(world, blue) == ("Running", "")


def test_the_cluster_is_not_asked_about_what_the_watch_shows(world: World) -> None:
    blue = world.installed("blue")
    cluster = Cluster()
    look(world, cluster, {"webshop-blue": blue})
    assert (cluster.looks, shown(world, blue)) == (0, ("Running", ""))


def test_a_namespace_of_somebody_else_is_not_the_deployments(world: World) -> None:
    blue, other = world.installed("blue"), world.installed("other", cluster_id=world.second_cluster)
    look(world, Cluster(has=namespace(other)), {"webshop-blue": other})
    assert shown(world, blue)[0] == "Error"


def test_nothing_is_said_while_a_task_is_about_to_make_the_namespace(world: World) -> None:
    blue = world.installed("blue")
    world.update(blue, config={"size": "big"})
    look(world, Cluster(), {})
    assert shown(world, blue) == ("Running", "")


def test_an_error_of_another_kind_stays(world: World) -> None:
    blue = world.installed("blue")
    world.do(deployments.set_status, blue, DeploymentStatus.ERROR, "Helm failed.")
    look(world, Cluster(), {})
    assert shown(world, blue) == ("Error", "Helm failed.")
    look(world, Cluster(), {"webshop-blue": blue})
    assert shown(world, blue) == ("Error", "Helm failed.")
