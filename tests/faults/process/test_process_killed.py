"""`kill -9` in the middle of the work, and a start on the same folder: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess, end_process
from waiting import eventually

SLOW = {"mode": "slow-install", "seconds": 3}
MARK_AS_DELETED = "UPDATE deployments SET status = 'Deleting', reason = NULL WHERE id = %s"
QUEUE_UNINSTALL = """
    INSERT INTO deployment_tasks (cluster_id, deployment_id, acting_user_id, operation, status)
    SELECT cluster_id, deployment_id, acting_user_id, '{"Uninstall": {}}', 'Pending'
    FROM deployment_tasks WHERE deployment_id = %s
"""
NOT_THE_DATABASE = ("run.py", "platz_sandbox", "platz.helm")


@pytest.fixture
def admin(platz: PlatzProcess) -> Iterator[Client]:
    with signed_in(platz.url) as client:
        yield client


@pytest.fixture
def east(platz: PlatzProcess) -> Iterator[ClusterView]:
    view = ClusterView(platz.kubeconfig, "east")
    yield view
    view.close()


def test_an_install_that_was_killed_is_finished_once(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="install", config=SLOW)
    task = under_way(admin, east, made["id"], "chaosmonkey-install", "pending-install")

    kill_and_start(platz)

    (done,) = admin.settled(made["id"])
    assert done["status"] == "Done", done["reason"]
    assert done["id"] == task["id"]
    assert done["started_at"] == task["started_at"]
    assert admin.running(made["id"])["revision_id"] == task["id"]
    assert east.statuses("chaosmonkey-install") == ["deployed"]


def test_an_upgrade_that_was_killed_is_finished_once(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="upgrade", config={"mode": "works"})
    before = admin.running(made["id"])
    admin.put(f"/deployments/{made['id']}", {**before, "config": SLOW})
    task = under_way(admin, east, made["id"], "chaosmonkey-upgrade", "pending-upgrade")

    kill_and_start(platz)

    _, done = admin.settled(made["id"])
    assert done["status"] == "Done", done["reason"]
    assert (done["id"], done["started_at"]) == (task["id"], task["started_at"])
    assert admin.running(made["id"])["revision_id"] == task["id"]
    assert east.statuses("chaosmonkey-upgrade") == ["superseded", "failed", "deployed"]


def test_an_install_that_helm_had_finished_is_only_written_down(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="late", config={**SLOW, "seconds": 1})
    under_way(admin, east, made["id"], "chaosmonkey-late", "pending-install")
    with nobody_may_write(platz, made["id"]):
        eventually(lambda: east.statuses("chaosmonkey-late") == ["deployed"], seconds=20)
        assert admin.tasks(made["id"])[0]["status"] == "Started"
        platz.kill()

    platz.start()

    (done,) = admin.settled(made["id"])
    assert done["status"] == "Done"
    assert done["reason"] == "Helm had finished before Platz could write it down."
    assert admin.running(made["id"])["revision_id"] == done["id"]
    assert east.statuses("chaosmonkey-late") == ["deployed"]


def test_a_removal_that_was_killed_comes_to_its_end(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("guestbook", "0.3.0", name="removed", config={"title": "Gone"})
    admin.running(made["id"])
    admin.delete(f"/deployments/{made['id']}")

    kill_and_start(platz)

    eventually(lambda: made["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=30)
    assert east.namespace("guestbook-removed") is None


FOR_EVER = {"mode": "slow-install", "seconds": 600}
STOPPED = "Platz stopped this task because the deployment is being deleted."


def test_a_deletion_stops_an_install_that_hangs(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="hangs", config=FOR_EVER)
    under_way(admin, east, made["id"], "chaosmonkey-hangs", "pending-install")
    ended: list[str] = []

    admin.delete(f"/deployments/{made['id']}")

    def look() -> bool:
        ended.extend(row["reason"] for row in admin.tasks(made["id"]) if row["status"] == "Canceled")
        return made["id"] not in {row["id"] for row in admin.items("/deployments")}

    eventually(look, seconds=30, every=0.02)
    assert ended
    assert ended[0].startswith(STOPPED)
    assert east.namespace("chaosmonkey-hangs") is None


def test_an_install_of_a_deployment_that_is_being_deleted_is_not_resumed_after_a_kill(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="doomed", config=FOR_EVER)
    under_way(admin, east, made["id"], "chaosmonkey-doomed", "pending-install")
    platz.signal(signal.SIGSTOP)  # so that it does not notice the deletion
    platz.sql(MARK_AS_DELETED, made["id"])
    platz.sql(QUEUE_UNINSTALL, made["id"])

    kill_and_start(platz)

    eventually(lambda: made["id"] not in {row["id"] for row in admin.items("/deployments")}, seconds=40)
    assert "Starting a task" in platz.log
    assert '"finding"' not in platz.log, "nothing was resumed"
    assert east.namespace("chaosmonkey-doomed") is None


def test_tasks_that_waited_are_run_after_the_start(platz: PlatzProcess, admin: Client) -> None:
    made = [admin.deploy("chaos-monkey", "1.0.0", name=f"waits-{n}", config=SLOW) for n in range(6)]

    kill_and_start(platz)

    for deployment in made:
        admin.running(deployment["id"])


def test_a_killed_process_leaves_only_the_database_which_the_next_start_adopts(platz: PlatzProcess) -> None:
    postmaster = eventually(lambda: only_postmaster(platz))

    platz.kill()
    eventually(lambda: not [p for p in platz.processes() if any(w in p.command for w in NOT_THE_DATABASE)])

    platz.start()
    assert eventually(lambda: only_postmaster(platz)) == postmaster


def only_postmaster(platz: PlatzProcess) -> int | None:
    """Return the id of the database server's process; None while a session being forked looks like a second one."""
    found = platz.find("/postgres -D")
    return found[0].pid if len(found) == 1 else None


def test_a_token_outlives_a_killed_process(platz: PlatzProcess, admin: Client) -> None:
    kill_and_start(platz)

    assert admin.get("/auth/me")["User"]["email"] == "admin@platz.localhost"


def test_a_killed_helm_fails_its_task_with_a_sentence(
    platz: PlatzProcess, admin: Client, east: ClusterView
) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="helmless", config=SLOW)
    under_way(admin, east, made["id"], "chaosmonkey-helmless", "pending-install")

    for helm in platz.find("platz.helm.child"):
        end_process(helm.pid)

    (task,) = admin.settled(made["id"])
    failed = admin.deployment(made["id"])
    assert (task["status"], failed["status"]) == ("Failed", "Error")
    assert "Helm was ended by the system (SIGKILL)" in task["reason"]
    admin.put(f"/deployments/{made['id']}", {**failed, "config": {"mode": "works"}})
    admin.running(made["id"])
    assert east.statuses("chaosmonkey-helmless")[-1] == "deployed"


def under_way(
    client: Client, cluster: ClusterView, deployment_id: str, namespace: str, status: str
) -> dict[str, Any]:
    """Wait until Helm is in the middle of the newest task; return the task."""
    eventually(
        lambda: cluster.namespace(namespace) and cluster.statuses(namespace)[-1:] == [status], seconds=20
    )
    task = client.tasks(deployment_id)[-1]
    assert task["status"] == "Started"
    return task


def kill_and_start(platz: PlatzProcess) -> None:
    platz.kill()
    platz.start()


@contextmanager
def nobody_may_write(platz: PlatzProcess, deployment_id: str) -> Iterator[None]:
    """Lock the row of a deployment, so that every update of it waits."""
    with psycopg.connect(platz.database_url) as connection:
        connection.execute("SELECT FROM deployments WHERE id = %s FOR UPDATE", [deployment_id])
        yield
