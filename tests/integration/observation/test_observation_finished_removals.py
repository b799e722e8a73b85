"""The end of a removal, as the tracker writes it when the namespace is gone, and what is told until then.

Source: docs/contract/workers.md, "End of a removal", "Looking for finished removals", "Deletion of namespaces".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from sqlalchemy import text

from platz.db.enums import DeploymentStatus
from platz.db.tables import left_namespaces
from platz.db.tables.left_namespaces import Place
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.client import KubeClient, Listing
from platz.kube.errors import KubeDenied, KubeUnreachable
from platz.observation.finished_removals import finish_removals
from tests.integration.changes.world import World


@dataclass
class Namespaces:
    """A cluster that has these namespaces."""

    cluster: str = "blue"
    items: tuple[JsonObject, ...] = ()
    refuses: str = ""
    is_dead: bool = False
    deleted: list[str] = field(default_factory=list)

    def list_all(self, _kind: object, **_options: Any) -> Listing:
        if self.is_dead:
            raise KubeUnreachable("Nothing listens at 10.0.0.1.")
        return Listing(items=self.items, resource_version="1")

    def find(self, _kind: object, *, name: str) -> JsonObject | None:
        return next((each for each in self.items if cast("Any", each)["metadata"]["name"] == name), None)

    def delete(self, _kind: object, *, name: str) -> None:
        if name == self.refuses:
            raise KubeDenied("Platz may not delete it.")
        self.deleted.append(name)


def namespace_of(deployment_id: DeploymentId, name: str, **changes: Any) -> JsonObject:
    metadata = {
        "name": name,
        "labels": {"platz": "yes"},
        "annotations": {"platz_deployment_id": str(deployment_id)},
    }
    return {"metadata": metadata | changes.pop("metadata", {}), **changes}


def finish(world: World, cluster: Namespaces) -> list[DeploymentId]:
    return finish_removals(world.database, cast("KubeClient", cluster), world.cluster)


def fail_uninstall(world: World) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            text("""
                update deployment_tasks set status = 'Failed', finished_at = now()
                where operation ? 'Uninstall'""")
        )
        connection.execute(text("update deployments set status = 'Uninstalling', reason = null"))


def being_removed(world: World, name: str) -> DeploymentId:
    deployment_id = world.installed(name)
    world.update(deployment_id, enabled=False)
    fail_uninstall(world)
    return deployment_id


def reason(world: World, deployment_id: DeploymentId) -> str:
    row = world.row(deployment_id)
    assert row is not None
    return row.reason or ""


def test_what_a_failed_uninstall_left_is_removed_and_then_nothing_is_installed(world: World) -> None:
    blue = being_removed(world, "blue")
    cluster = Namespaces(items=(namespace_of(blue, "webshop-blue"),))
    assert finish(world, cluster) == []
    assert cluster.deleted == ["webshop-blue"]
    cluster.items = ()
    assert finish(world, cluster) == [blue]
    row = world.row(blue)
    assert row is not None
    assert (row.status, row.revision_id) == (DeploymentStatus.UNINSTALLED, None)


def test_a_namespace_that_can_t_be_deleted_holds_up_no_other_removal(world: World) -> None:
    stuck, blue = being_removed(world, "stuck"), being_removed(world, "blue")
    cluster = Namespaces(items=(namespace_of(stuck, "webshop-stuck"),), refuses="webshop-stuck")
    assert finish(world, cluster) == [blue]
    assert "Platz may not delete it." in reason(world, stuck)


def test_a_removal_that_waits_for_a_dead_cluster_says_so(world: World) -> None:
    blue = being_removed(world, "blue")
    cluster = Namespaces(is_dead=True)
    with pytest.raises(KubeUnreachable):
        finish(world, cluster)
    assert "Waiting for cluster blue" in reason(world, blue)
    assert "Nothing listens at 10.0.0.1." in reason(world, blue)


@pytest.mark.parametrize(
    ("held_by", "told"),
    [
        (
            {
                "type": "NamespaceContentRemaining",
                "message": "Some resources are remaining: widgets.shop.io has 1 resource instances",
            },
            "widgets.shop.io has 1 resource instances",
        ),
        (
            {
                "type": "NamespaceFinalizersRemaining",
                "message": "Some content in the namespace has finalizers remaining: shop.io/keep in 1 resource",
            },
            "shop.io/keep in 1 resource",
        ),
        (
            {
                "type": "NamespaceDeletionDiscoveryFailure",
                "message": "Discovery failed: unable to retrieve metrics.k8s.io/v1beta1",
            },
            "unable to retrieve metrics.k8s.io/v1beta1",
        ),
    ],
)
def test_what_holds_a_namespace_is_the_deployments_reason(
    world: World, held_by: JsonObject, told: str
) -> None:
    blue = being_removed(world, "blue")
    ours = namespace_of(
        blue,
        "webshop-blue",
        metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"},
        status={"phase": "Terminating", "conditions": [{"status": "True"} | held_by]},
    )
    cluster = Namespaces(items=(ours,))
    assert finish(world, cluster) == []
    assert told in reason(world, blue)
    assert cluster.deleted == []
    cluster.items = ()
    assert finish(world, cluster) == [blue]
    assert reason(world, blue) == ""


def test_a_namespace_that_somebody_marked_is_never_deleted_and_holds_up_nothing(world: World) -> None:
    blue = being_removed(world, "blue")
    cluster = Namespaces(items=(namespace_of(blue, "production-database"),))
    assert finish(world, cluster) == [blue]
    assert cluster.deleted == []


def test_a_namespace_without_the_label_is_never_deleted(world: World) -> None:
    blue = being_removed(world, "blue")
    cluster = Namespaces(items=(namespace_of(blue, "webshop-blue", metadata={"labels": {}}),))
    finish(world, cluster)
    assert cluster.deleted == []


def test_a_removal_does_not_end_while_something_is_left_in_its_cluster(world: World) -> None:
    blue = being_removed(world, "blue")
    place = Place(cluster_id=world.cluster, namespace="webshop-old")
    with world.database.transaction() as connection:
        left_namespaces.record(connection, blue, place, released=True)
    assert finish(world, Namespaces()) == []
    with world.database.transaction() as connection:
        left_namespaces.take_back(connection, blue, place)
    assert finish(world, Namespaces()) == [blue]
