"""The end of a removal, as the tracker writes it when the namespace is gone.

Source: docs/contract/workers.md, "End of a removal", "Looking for finished removals".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import text

from platz.db.enums import DeploymentStatus
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.client import KubeClient, Listing
from platz.kube.errors import KubeDenied
from platz.observation.finished_removals import finish_removals
from tests.integration.changes.world import World


@dataclass
class Namespaces:
    """A cluster that has these namespaces."""

    items: tuple[JsonObject, ...] = ()
    refuses: str = ""
    deleted: list[str] = field(default_factory=list)

    def list_all(self, _kind: object, **_options: Any) -> Listing:
        return Listing(items=self.items, resource_version="1")

    def delete(self, _kind: object, *, name: str) -> None:
        if name == self.refuses:
            raise KubeDenied
        self.deleted.append(name)


def namespace_of(deployment_id: DeploymentId, name: str) -> JsonObject:
    return {"metadata": {"name": name, "annotations": {"platz_deployment_id": str(deployment_id)}}}


def fail_uninstall(world: World) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            text("""
                update deployment_tasks set status = 'Failed', finished_at = now()
                where operation ? 'Uninstall'""")
        )
        connection.execute(text("update deployments set status = 'Uninstalling'"))


def test_what_a_failed_uninstall_left_is_removed_and_then_nothing_is_installed(world: World) -> None:
    blue = world.installed("blue")
    world.update(blue, enabled=False)
    fail_uninstall(world)
    cluster = Namespaces(items=(namespace_of(blue, "webshop-blue"),))
    client = cast("KubeClient", cluster)
    assert finish_removals(world.database, client, world.cluster) == []
    assert cluster.deleted == ["webshop-blue"]
    cluster.items = ()
    assert finish_removals(world.database, client, world.cluster) == [blue]
    row = world.row(blue)
    assert row is not None
    assert (row.status, row.revision_id) == (DeploymentStatus.UNINSTALLED, None)


def test_a_namespace_that_can_t_be_deleted_holds_up_no_other_removal(world: World) -> None:
    stuck, blue = world.installed("stuck"), world.installed("blue")
    for each in (stuck, blue):
        world.update(each, enabled=False)
    fail_uninstall(world)
    cluster = Namespaces(items=(namespace_of(stuck, "webshop-stuck"),), refuses="webshop-stuck")
    assert finish_removals(world.database, cast("KubeClient", cluster), world.cluster) == [blue]
