"""A killed stand-in comes back; meanwhile the process keeps running, says what is missing, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess, end_process
from waiting import eventually

BACK_SECONDS = 40.0


@pytest.fixture
def admin(platz: PlatzProcess) -> Iterator[Client]:
    with signed_in(platz.url) as client:
        yield client
    assert platz.is_alive()


def lose(platz: PlatzProcess, words: str, name: str) -> None:
    """Kill a stand-in; wait until the log says that it is back."""
    (lost,) = platz.find(words)
    already = returns(platz, name)
    end_process(lost.pid)
    eventually(lambda: returns(platz, name) > already, seconds=20)


def returns(platz: PlatzProcess, name: str) -> int:
    """Return how often a stand-in came back."""
    return sum("A stand-in is back" in line and name in line for line in platz.log.splitlines())


def deployed(admin: Client, name: str) -> None:
    """Deploy a guestbook and wait until it runs."""
    made = admin.deploy("guestbook", "0.3.0", name=name, config={"title": name})
    admin.running(made["id"], seconds=BACK_SECONDS)


def test_a_lost_provider_comes_back_with_its_keys_and_its_users(platz: PlatzProcess, admin: Client) -> None:
    lose(platz, "platz_sandbox.identity", "identity provider")

    with signed_in(platz.url, "viewer@platz.localhost", password="viewer") as viewer:
        assert viewer.get("/auth/me")["User"]["email"] == "viewer@platz.localhost"
    assert admin.get("/auth/me")["User"]["is_admin"] is True


def test_a_lost_registry_comes_back_with_its_charts(platz: PlatzProcess, admin: Client) -> None:
    admin.chart("guestbook", "0.3.0")

    lose(platz, "platz_sandbox.registry", "chart registry")

    assert all(chart["available"] for chart in admin.items("/helm-charts"))
    deployed(admin, "after-registry")


def test_lost_clusters_come_back_with_what_ran_there(platz: PlatzProcess, admin: Client) -> None:
    deployed(admin, "before-loss")

    lose(platz, "platz_sandbox.kubernetes", "Kubernetes simulator")

    eventually(lambda: all(c["is_ok"] for c in admin.items("/k8s-clusters")), seconds=BACK_SECONDS)
    east = ClusterView(platz.kubeconfig, "east")
    assert east.statuses("guestbook-before-loss") == ["deployed"]
    deployed(admin, "after-clusters")
    assert eventually(
        lambda: admin.items("/k8s-resources", name="guestbook-after-clusters"), seconds=BACK_SECONDS
    )
    east.close()


def test_an_install_fails_with_a_sentence_or_is_done_when_its_cluster_is_lost(
    platz: PlatzProcess, admin: Client
) -> None:
    config = {"mode": "slow-install", "seconds": 3}
    made = admin.deploy("chaos-monkey", "1.0.0", name="cut-off", config=config)
    admin.until(made["id"], lambda row: row["status"] == "Installing")

    lose(platz, "platz_sandbox.kubernetes", "Kubernetes simulator")

    (task,) = admin.settled(made["id"], seconds=BACK_SECONDS)
    row = admin.deployment(made["id"])
    assert (task["status"], row["status"]) in {("Done", "Running"), ("Failed", "Error")}
    assert task["status"] == "Done" or row["reason"] == task["reason"] != ""
    admin.put(f"/deployments/{made['id']}", {**row, "config": {"mode": "works"}})
    admin.running(made["id"], seconds=BACK_SECONDS)


def test_a_killed_database_comes_back_and_work_goes_on(platz: PlatzProcess, admin: Client) -> None:
    lose(platz, "/postgres -D", "PostgreSQL")

    eventually(lambda: admin.http.get("/deployments").status_code == 200, seconds=BACK_SECONDS)
    deployed(admin, "after-database")
