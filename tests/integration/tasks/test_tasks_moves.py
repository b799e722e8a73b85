"""A deployment that gets another place: the new one is made first, and the old one is never forgotten.

Source: docs/contract/workers.md, "Recreate", "Left namespaces".
"""

from __future__ import annotations

import pytest
from claims import new_lease
from sqlalchemy import text

from platz.changes.deployments import delete_deployment
from platz.changes.reinstalls import reinstall
from platz.db import task_queue
from platz.db.tables import deployments
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import INGRESS, NAMESPACE
from platz.tasks.context import Interrupted
from tests.integration.tasks.conftest import Installation


def installed(platz: Installation, name: str) -> DeploymentId:
    """Install a deployment in the first cluster with a real task."""
    deployment = platz.world.create(name)
    platz.run(platz.world.cluster)
    assert platz.ends(deployment) == [("Install", "Done")]
    platz.helm.runs.clear()
    return deployment


def test_a_rename_installs_at_the_new_place_and_removes_the_old(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    world.update(deployment, name=f"{name}-new")
    platz.run(world.cluster)
    assert platz.ends(deployment)[1:] == [("Recreate", "Done"), ("Upgrade", "Done")]
    assert platz.helm.done() == [
        ("uninstall", f"webshop-{name}"),
        ("upgrade", f"webshop-{name}-new"),
    ]
    assert platz.gone(world.cluster, f"webshop-{name}")
    assert platz.namespace(world.cluster, f"webshop-{name}-new")
    platz.clear(world.cluster)
    assert (platz.left(deployment), platz.reason(deployment)) == (set(), "")


def test_a_move_off_a_dead_cluster_succeeds_and_tells_what_it_left(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.kill(world.cluster)
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    assert platz.ends(deployment)[1:] == [("Recreate", "Done"), ("Upgrade", "Done")]
    assert platz.status(deployment) == "Running"
    assert platz.namespace(world.second_cluster, f"webshop-{name}")
    assert f"webshop-{name} in cluster blue" in platz.reason(deployment)
    platz.clear(world.cluster)
    assert f"webshop-{name} in cluster blue" in platz.reason(deployment)

    platz.revive(world.cluster)
    platz.clear(world.cluster)
    assert platz.helm.done()[-1] == ("uninstall", f"webshop-{name}")
    assert platz.gone(world.cluster, f"webshop-{name}")
    platz.clear(world.cluster)
    assert (platz.left(deployment), platz.reason(deployment)) == (set(), "")
    assert platz.namespace(world.second_cluster, f"webshop-{name}")


@pytest.mark.parametrize("ignored", [True, False])
def test_a_move_off_a_cluster_that_nobody_serves_succeeds(
    platz: Installation, name: str, ignored: bool
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.serve(world.second_cluster)
    if ignored:
        with world.database.transaction() as connection:
            connection.execute(text("update k8s_clusters set ignore = true where name = 'blue'"))
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    assert platz.ends(deployment)[1:] == [("Recreate", "Done"), ("Upgrade", "Done")]
    assert ("ignored" if ignored else "No running process") in platz.reason(deployment)


def test_what_was_left_is_removed_although_the_deployment_was_deleted_meanwhile(
    platz: Installation, name: str
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.kill(world.cluster)
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    world.do(delete_deployment, world.admin, deployment)
    platz.run(world.second_cluster)
    assert platz.gone(world.second_cluster, f"webshop-{name}")
    assert platz.finish(world.second_cluster) == [deployment]
    assert world.row(deployment) is None

    platz.revive(world.cluster)
    platz.clear(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}")
    platz.clear(world.cluster)
    assert platz.left(deployment) == set()


def test_a_failed_move_leaves_the_old_copy_until_the_new_one_runs(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.helm.refuses["dry run"] = "template: shop.yaml:1: boom"
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    assert platz.ends(deployment)[1:] == [("Recreate", "Failed"), ("Upgrade", "Failed")]
    assert "boom" in platz.reason(deployment)
    assert "left where it was" in platz.reason(deployment)
    platz.clear(world.cluster)
    assert platz.helm.done() == []
    assert not platz.going(world.cluster, f"webshop-{name}")
    assert platz.going(world.second_cluster, f"webshop-{name}")

    platz.helm.refuses.clear()
    world.update(deployment, config={"size": "big"})
    platz.run(world.second_cluster)
    assert platz.status(deployment) == "Running"
    platz.clear(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}")


def test_a_failed_move_that_is_taken_back_keeps_the_old_copy(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.helm.refuses["dry run"] = "boom"
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    platz.helm.refuses.clear()
    world.update(deployment, cluster_id=world.cluster)
    platz.run(world.cluster)
    platz.clear(world.cluster)
    assert platz.status(deployment) == "Running"
    assert not platz.going(world.cluster, f"webshop-{name}")


def test_a_deployment_whose_move_failed_is_deleted_in_both_clusters(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.helm.refuses["dry run"] = "boom"
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    world.do(delete_deployment, world.admin, deployment)
    platz.run(world.second_cluster)
    platz.clear(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}")


def somebodys_namespace(platz: Installation, name: str) -> None:
    document: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    platz.client(platz.world.cluster).create(NAMESPACE, document)


def somebodys_ingress(platz: Installation, namespace: str, host: str) -> None:
    backend: JsonObject = {"service": {"name": "web", "port": {"number": 80}}}
    path: JsonObject = {"path": "/", "pathType": "Prefix", "backend": backend}
    document: JsonObject = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "theirs", "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": [path]}}]},
    }
    platz.client(platz.world.cluster).create(INGRESS, document, namespace=namespace)


@pytest.mark.parametrize("trouble", ["foreign namespace", "broken chart", "host taken", "foreign deployment"])
def test_a_rename_to_an_impossible_place_destroys_nothing(
    platz: Installation, name: str, trouble: str
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    new = f"webshop-{name}-new"
    match trouble:
        case "foreign namespace":
            somebodys_namespace(platz, new)
        case "broken chart":
            platz.helm.refuses["dry run"] = "template: boom"
        case "host taken":
            with world.database.transaction() as connection:
                connection.execute(
                    text("update k8s_clusters set ingress_domain = name, ingress_tls_secret_name = 'tls'")
                )
                connection.execute(text("""update helm_charts set features = '{"standard_ingress": true}'"""))
            somebodys_namespace(platz, f"{name}-theirs")
            somebodys_ingress(platz, f"{name}-theirs", f"{new}.blue")
        case _:
            client = platz.client(world.cluster)
            marks: JsonObject = {"name": new, "labels": {"platz": "yes"}}
            marks["annotations"] = {"platz_deployment_id": "11111111-1111-4111-8111-111111111111"}
            client.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": marks})
    there = platz.namespace(world.cluster, new)
    world.update(deployment, name=f"{name}-new")
    platz.run(world.cluster)
    platz.clear(world.cluster)
    assert platz.ends(deployment)[1:] == [("Recreate", "Failed"), ("Upgrade", "Failed")]
    assert platz.helm.done() == []
    assert not platz.going(world.cluster, f"webshop-{name}")
    assert platz.going(world.cluster, new) == (there is None)  # what was made for it is removed again
    assert platz.status(deployment) == "Error"
    assert "left where it was" in platz.reason(deployment)


@pytest.mark.parametrize("first", ["mover", "leaver"])
def test_a_move_between_clusters_of_two_processes_is_done_by_both(
    platz: Installation, name: str, first: str
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    leaver, mover = platz.beside(world.cluster), platz.beside(world.second_cluster)
    with world.served(world.cluster, world.second_cluster):
        world.update(deployment, cluster_id=world.second_cluster)
        if first == "leaver":
            leaver.clear(world.cluster)
            assert leaver.run(world.cluster) == []
            assert not platz.going(world.cluster, f"webshop-{name}")
        mover.run(world.second_cluster)
        assert platz.ends(deployment)[1:] == [("Recreate", "Done"), ("Upgrade", "Done")]
        assert (platz.status(deployment), platz.reason(deployment)) == ("Running", "")
        leaver.clear(world.cluster)
    assert platz.helm.done() == [("upgrade", f"webshop-{name}"), ("uninstall", f"webshop-{name}")]
    assert platz.gone(world.cluster, f"webshop-{name}")
    assert platz.namespace(world.second_cluster, f"webshop-{name}")


def test_a_deployment_can_leave_a_cluster_that_died_under_its_running_task(
    platz: Installation, name: str
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    world.update(deployment, config={"size": "big"})
    with world.database.transaction() as connection:
        connection.execute(
            text(
                "update deployment_tasks set status = 'Started', started_at = now() where status = 'Pending'"
            )
        )
    platz.serve(world.second_cluster)
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    assert platz.ends(deployment) == [
        ("Install", "Done"),
        ("Upgrade", "Failed"),
        ("Recreate", "Done"),
        ("Upgrade", "Done"),
    ]


def test_what_waited_for_the_task_in_a_dead_cluster_ends_with_it(platz: Installation, name: str) -> None:
    world = platz.world
    deployment, user = installed(platz, name), installed(platz, f"{name}-user")
    world.update(deployment, config={"size": "big"})
    with world.database.transaction() as connection:
        (upgrade,) = task_queue.claim(connection, cluster_id=world.cluster, claim=platz.context.claim, most=1)
        row = deployments.get(connection, user)
        assert row is not None
        reinstall(connection, [row], "changed", world.owner, after=upgrade.id)
    platz.serve(world.second_cluster)
    world.update(deployment, cluster_id=world.second_cluster)
    assert platz.ends(user) == [("Install", "Done"), ("Reinstall", "Canceled")]
    assert "no running process of Platz" in world.tasks(user, pending=False)[-1].reason


def test_a_former_owner_clears_nothing(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    platz.kill(world.cluster)
    world.update(deployment, cluster_id=world.second_cluster)
    platz.run(world.second_cluster)
    platz.revive(world.cluster)
    former = platz.beside(world.cluster)
    new_lease(world.database)
    with pytest.raises(Interrupted):
        former.clear(world.cluster)
    assert "uninstall" not in [action for action, _ in platz.helm.done()]
    assert platz.left(deployment) == {(world.cluster, f"webshop-{name}")}


def test_a_disabled_deployment_that_is_renamed_is_removed_by_its_old_name(
    platz: Installation, name: str
) -> None:
    world = platz.world
    deployment = installed(platz, name)
    world.update(deployment, enabled=False)
    world.update(deployment, name=f"{name}-new")
    platz.run(world.cluster)
    assert platz.gone(world.cluster, f"webshop-{name}")
    platz.clear(world.cluster)
    assert platz.finish(world.cluster) == [deployment]
    assert platz.status(deployment) == "Uninstalled"


def test_nothing_is_said_to_be_left_where_nothing_was_installed(platz: Installation, name: str) -> None:
    world = platz.world
    platz.kill(world.cluster)
    deployment = world.create(name)
    world.update(deployment, cluster_id=world.second_cluster)
    assert platz.left(deployment) == set()


def test_an_interrupted_recreate_is_repeated_without_harm(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = installed(platz, name)
    world.update(deployment, name=f"{name}-new")
    platz.run(world.cluster)
    with world.database.transaction() as connection:
        connection.execute(
            text("update deployment_tasks set status = 'Pending', claimed_by = null, finished_at = null"
                 " where operation ? 'Recreate'")
        )  # fmt: skip
    platz.run(world.cluster)
    assert not platz.going(world.cluster, f"webshop-{name}-new")
    assert world.do(deployments.get, deployment) is not None
