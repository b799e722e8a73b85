"""The main walk, part 4: a deployment is disabled, enabled, renamed, moved and deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.event_recorder import EventRecorder
from acceptance.platz_client import Client
from acceptance.platz_process import PlatzProcess
from waiting import eventually


@pytest.fixture
def book(admin: Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A running guestbook, named after the test."""
    name = request.node.name.removeprefix("test_")[:20].replace("_", "-").strip("-")
    made = admin.deploy("guestbook", "0.3.0", name=name, config={"title": name})
    return admin.running(made["id"])


def namespace_of(deployment: dict[str, Any]) -> str:
    return f"guestbook-{deployment['name']}"


def test_disabled_and_enabled_again(book: dict[str, Any], admin: Client, east: ClusterView) -> None:
    path = f"/deployments/{book['id']}"

    admin.put(path, {**book, "enabled": False})
    gone = admin.until(book["id"], lambda row: row["status"] == "Uninstalled")

    assert gone["revision_id"] is None
    assert east.namespace(namespace_of(book)) is None
    assert eventually(lambda: admin.items("/k8s-resources", deployment_id=book["id"]) == [])
    admin.put(path, {**gone, "enabled": True})
    back = admin.running(book["id"])
    assert back["revision_id"] == admin.tasks(book["id"])[-1]["id"]
    assert east.statuses(namespace_of(book)) == ["deployed"]


def test_an_install_of_what_is_installed_already_upgrades_it(
    book: dict[str, Any], admin: Client, east: ClusterView, platz: PlatzProcess
) -> None:
    columns = "cluster_id, deployment_id, acting_user_id, operation"
    again = f"""
        insert into deployment_tasks ({columns}, status)
        select {columns}, 'Pending' from deployment_tasks where id = %s"""

    platz.sql(again, book["revision_id"])

    admin.running(book["id"])
    assert [task["status"] for task in admin.tasks(book["id"])] == ["Done", "Done"]
    assert east.statuses(namespace_of(book)) == ["superseded", "deployed"]


def test_renamed(book: dict[str, Any], admin: Client, east: ClusterView) -> None:
    admin.put(f"/deployments/{book['id']}", {**book, "name": "renamed-book"})

    after = admin.running(book["id"])

    operations = [next(iter(task["operation"])) for task in admin.tasks(book["id"])]
    assert operations == ["Install", "Recreate", "Upgrade"]
    assert eventually(lambda: east.namespace(namespace_of(book)) is None)
    assert east.namespace(namespace_of(after)).metadata.annotations["platz_deployment_id"] == book["id"]
    assert east.values(namespace_of(after))["platz"]["deployment_name"] == "renamed-book"


def test_renamed_back_from_a_name_whose_namespace_is_somebody_else_s(
    book: dict[str, Any], admin: Client, east: ClusterView
) -> None:
    path, taken = f"/deployments/{book['id']}", "guestbook-taken"
    east.core.create_namespace({"metadata": {"name": taken}})
    admin.put(path, {"name": "taken"})
    admin.settled(book["id"])
    assert admin.deployment(book["id"])["status"] == "Error"
    assert east.statuses(namespace_of(book)) == ["deployed"]  # nothing was destroyed

    admin.put(path, {"name": book["name"]})

    admin.running(book["id"])
    assert east.statuses(namespace_of(book)) == ["superseded", "deployed"]
    assert east.namespace(taken).metadata.deletion_timestamp is None


def test_a_rename_removes_no_namespace_that_somebody_else_marked(
    book: dict[str, Any], admin: Client, east: ClusterView
) -> None:
    marks = {"labels": {"platz": "yes"}, "annotations": {"platz_deployment_id": book["id"]}}
    east.core.create_namespace({"metadata": {"name": "guestbook-precious", **marks}})

    admin.put(f"/deployments/{book['id']}", {"name": "gone-on"})

    admin.running(book["id"])
    assert eventually(lambda: east.namespace(namespace_of(book)) is None)
    assert east.namespace("guestbook-precious").metadata.deletion_timestamp is None


def test_moved_to_another_cluster(
    book: dict[str, Any], admin: Client, east: ClusterView, platz: PlatzProcess
) -> None:
    west = ClusterView(platz.kubeconfig, "west")
    admin.put(f"/deployments/{book['id']}", {**book, "cluster_id": admin.cluster("west")["id"]})

    admin.running(book["id"])

    assert eventually(lambda: east.namespace(namespace_of(book)) is None)
    assert west.statuses(namespace_of(book)) == ["deployed"]
    west.close()


def test_deleted(book: dict[str, Any], admin: Client, east: ClusterView) -> None:
    with EventRecorder(admin, ["deployments"]) as recorder:
        admin.delete(f"/deployments/{book['id']}")
        told = recorder.saw("DELETE", "deployments", book["id"], seconds=30)

    assert told.env_id == book_env(admin)
    admin.call("GET", f"/deployments/{book['id']}", status=404)
    assert east.namespace(namespace_of(book)) is None
    assert admin.items("/k8s-resources", deployment_id=book["id"]) == []


def test_disabled_and_deleted_with_a_task_scheduled_for_later(book: dict[str, Any], admin: Client) -> None:
    clear = {"helm_chart_id": book["helm_chart_id"], "action_id": "clear", "body": {}}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    request = {
        "deployment_id": book["id"],
        "operation": {"InvokeAction": clear},
        "execute_at": tomorrow.isoformat(),
    }
    scheduled = admin.post("/deployment-tasks", request)

    admin.put(f"/deployments/{book['id']}", {"enabled": False})
    admin.until(book["id"], lambda row: row["status"] == "Uninstalled")
    assert admin.get(f"/deployment-tasks/{scheduled['id']}")["status"] == "Pending"
    admin.delete(f"/deployments/{book['id']}")

    eventually(lambda: book["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=30)
    admin.call("GET", f"/deployment-tasks/{scheduled['id']}", status=404)


def test_deleted_after_its_namespace_was_removed_by_hand(
    book: dict[str, Any], admin: Client, east: ClusterView
) -> None:
    east.core.delete_namespace(namespace_of(book))
    eventually(lambda: east.namespace(namespace_of(book)) is None)

    admin.delete(f"/deployments/{book['id']}")

    eventually(lambda: book["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=30)


def test_deleted_after_the_label_of_its_namespace_was_removed_by_hand(
    book: dict[str, Any], admin: Client, east: ClusterView
) -> None:
    """Platz deletes no namespace without its label, and the deletion ends all the same."""
    east.core.patch_namespace(namespace_of(book), {"metadata": {"labels": {"platz": None}}})
    lost = admin.until(book["id"], lambda row: row["status"] == "Error")
    assert "kubectl label --overwrite namespace" in lost["reason"]

    admin.delete(f"/deployments/{book['id']}")

    eventually(lambda: book["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=30)
    assert east.namespace(namespace_of(book)).metadata.deletion_timestamp is None


def test_deleted_while_it_is_being_installed(admin: Client, east: ClusterView) -> None:
    config = {"mode": "slow-install", "seconds": 3}
    made = admin.deploy("chaos-monkey", "1.0.0", name="doomed", config=config)
    admin.until(made["id"], lambda row: row["status"] == "Installing")

    admin.delete(f"/deployments/{made['id']}")

    eventually(lambda: made["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=40)
    assert east.namespace("chaosmonkey-doomed") is None


def book_env(client: Client) -> str:
    return client.cluster("east")["env_id"]
