"""An Uninstall removes what is the deployment's and nothing else, and goes on until nothing is left.

Source: docs/contract/workers.md, "Uninstall", "Deletion of namespaces", "Left namespaces".
"""

from __future__ import annotations

import pytest

from platz.changes.deployments import delete_deployment
from platz.db.tables import left_namespaces
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from tests.integration.tasks.conftest import Installation


@pytest.fixture
def shop(platz: Installation, name: str) -> DeploymentId:
    """A deployment that is installed in the first cluster."""
    deployment = platz.world.create(name)
    platz.run(platz.world.cluster)
    platz.helm.runs.clear()
    return deployment


def test_a_deletion_on_a_dead_cluster_says_what_it_waits_for_and_ends_when_it_is_back(
    platz: Installation, shop: DeploymentId, name: str
) -> None:
    world = platz.world
    platz.kill(world.cluster)
    with world.served(world.cluster):
        world.do(delete_deployment, world.admin, shop)
        platz.run(world.cluster)
    assert platz.ends(shop)[-1] == ("Uninstall", "Failed")
    assert platz.status(shop) == "Deleting"
    assert "could not be removed yet; Platz goes on trying" in platz.reason(shop)
    assert "blue" in platz.reason(shop) or "east" in platz.reason(shop)

    platz.revive(world.cluster)
    assert platz.finish(world.cluster) == []
    assert not platz.going(world.cluster, f"webshop-{name}")  # Helm's uninstall must come first
    platz.clear(world.cluster)
    assert platz.helm.done() == [("uninstall", f"webshop-{name}")]
    assert platz.gone(world.cluster, f"webshop-{name}")
    platz.clear(world.cluster)
    assert platz.finish(world.cluster) == [shop]
    assert world.row(shop) is None


def test_an_uninstall_leaves_nothing_recorded_when_it_succeeds(
    platz: Installation, shop: DeploymentId, name: str
) -> None:
    platz.world.update(shop, enabled=False)
    platz.run(platz.world.cluster)
    assert platz.left(shop) == set()
    assert platz.gone(platz.world.cluster, f"webshop-{name}")
    assert platz.finish(platz.world.cluster) == [shop]
    assert (platz.status(shop), platz.reason(shop)) == ("Uninstalled", "")


def marked(deployment: DeploymentId, name: str, **metadata: JsonObject) -> JsonObject:
    marks: JsonObject = {
        "name": name,
        "labels": {"platz": "yes"},
        "annotations": {"platz_deployment_id": str(deployment)},
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": marks | metadata}


def test_a_namespace_that_somebody_marked_as_the_deployments_is_never_deleted(
    platz: Installation, shop: DeploymentId, name: str
) -> None:
    world = platz.world
    platz.client(world.cluster).create(NAMESPACE, marked(shop, f"{name}-precious"))
    world.update(shop, name=f"{name}-new")
    platz.run(world.cluster)
    world.do(delete_deployment, world.admin, shop)
    platz.run(world.cluster)
    platz.clear(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}-new")
    assert platz.finish(world.cluster) == [shop]
    assert not platz.going(world.cluster, f"{name}-precious")


@pytest.mark.parametrize("lost", ["labels", "annotations"])
def test_a_namespace_that_lost_a_mark_is_left_alone_and_that_is_said(
    platz: Installation, shop: DeploymentId, name: str, lost: str
) -> None:
    world = platz.world
    client = platz.client(world.cluster)
    patch: JsonObject = {"metadata": {lost: {"platz": None, "platz_deployment_id": None}}}
    client.merge(NAMESPACE, patch, name=f"webshop-{name}")
    world.update(shop, enabled=False)
    platz.run(world.cluster)
    uninstall = world.tasks(shop, pending=False)[-1]
    assert (uninstall.status.value, platz.helm.done()) == ("Done", [])
    assert "was left alone" in uninstall.reason
    assert not platz.going(world.cluster, f"webshop-{name}")


def test_a_place_whose_removal_is_refused_holds_up_no_other(
    platz: Installation, shop: DeploymentId, name: str
) -> None:
    world = platz.world
    other = world.create(f"{name}-other")
    platz.run(world.cluster)
    with world.database.transaction() as connection:
        for deployment in (shop, other):
            for row in left_namespaces.of_deployment(connection, deployment):
                left_namespaces.forget(connection, row.id)
    platz.serve(world.second_cluster)
    for deployment in (shop, other):
        world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    platz.serve(world.cluster, world.second_cluster)
    platz.helm.refuses["uninstall"] = "a delete hook failed"
    platz.clear(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}")
    assert platz.gone(world.cluster, f"webshop-{name}-other")


def test_what_helm_could_not_uninstall_is_the_reason_without_its_middle_if_it_is_long(
    platz: Installation, shop: DeploymentId
) -> None:
    platz.helm.refuses["uninstall"] = f"a delete hook failed: {'x' * 100_000} and that is all"
    platz.world.update(shop, enabled=False)
    platz.run(platz.world.cluster)
    reason = platz.reason(shop)
    assert reason.startswith(
        "The namespace is being deleted, but Helm could not uninstall everything first: a del"
    )
    assert reason.endswith("and that is all")
    assert len(reason) < 40_000
