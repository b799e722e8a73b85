"""The main walk, part 1: without any configuration, a person deploys a web shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.event_recorder import Event, EventRecorder
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess
from waiting import eventually

CONFIG = {"shop_name": "Green Shop", "currency": "USD", "stock": 40, "replicas": 3, "banners": ["Hi", "Sale"]}
POLL_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class FirstDeploy:
    """The observations of the first deployment, from the request to a running shop."""

    deployment: dict[str, Any]
    tasks: list[dict[str, Any]]
    resources: list[dict[str, Any]]
    events: list[Event]
    env_id: str


@pytest.fixture(scope="module")
def shop(admin: Client) -> Iterator[FirstDeploy]:
    tables = ("deployments", "deployment_tasks", "k8s_resources")
    with EventRecorder(admin, tables) as recorder:
        made = admin.deploy("web-shop", "1.0.0", name="green", config=CONFIG)
        admin.running(made["id"])
        tasks = admin.tasks(made["id"])
        eventually(lambda: all_well(admin, made["id"]), seconds=20)
        running = admin.until(made["id"], lambda row: row["reported_status"], seconds=POLL_SECONDS)
        recorder.saw("UPDATE", "k8s_resources")
        yield FirstDeploy(
            deployment=running,
            tasks=tasks,
            resources=resources_of(admin, made["id"]),
            events=recorder.events,
            env_id=admin.items("/envs")[0]["id"],
        )


def resources_of(client: Client, deployment_id: str) -> list[dict[str, Any]]:
    return client.items("/k8s-resources", deployment_id=deployment_id)


def all_well(client: Client, deployment_id: str) -> bool:
    """Tell whether there are workloads and all their status dots are green."""
    found = [row for row in resources_of(client, deployment_id) if row["kind"] != "Job"]
    return bool(found) and all(set(row["status_color"]) == {"Success"} for row in found)


def test_the_banner_says_what_is_embedded_and_where_everything_is(platz: PlatzProcess) -> None:
    banner = platz.output

    for words in (
        f"at {platz.url}",
        f"psql -h 127.0.0.1 -p {platz.ports['PLATZ_POSTGRES_PORT']} -U postgres platz",
        "simulated: east, west",
        f"kubectl --kubeconfig {platz.kubeconfig}",
        f"http://127.0.0.1:{platz.ports['PLATZ_REGISTRY_PORT']}",
        f"http://127.0.0.1:{platz.ports['PLATZ_IDENTITY_PORT']}",
        "admin@platz.localhost",
        "Embedded stand-ins: PostgreSQL, identity provider, Kubernetes clusters, chart registry.",
    ):
        assert words in banner


def test_clusters_are_discovered_served_and_in_the_default_environment(admin: Client) -> None:
    clusters = [admin.cluster(name) for name in ("east", "west")]

    (env,) = [env for env in admin.items("/envs") if env["name"] == "Default"]
    for cluster in clusters:
        assert cluster["env_id"] == env["id"]
        assert cluster["ignore"] is False
        assert eventually(lambda name=cluster["name"]: admin.cluster(name)["is_ok"]) is True
        assert cluster["provider_id"] == f"local:{cluster['name']}"


def test_the_demo_charts_are_discovered_with_their_forms(admin: Client) -> None:
    chart = admin.chart("web-shop", "1.0.0")

    assert chart["error"] is None
    assert chart["available"] is True
    assert [field["id"] for field in chart["values_ui"]["inputs"]][:3] == ["shop_name", "currency", "stock"]
    assert chart["parsed_version"] == "1.0.0"
    branch = admin.chart("web-shop", "1.2.0-7-g3fa92c1-gift-cards")
    assert (branch["parsed_branch"], branch["parsed_commit"]) == ("gift-cards", "3fa92c1")


def test_the_first_person_of_the_sandbox_is_a_site_admin(admin: Client) -> None:
    me = admin.get("/auth/me")

    assert me["User"]["email"] == "admin@platz.localhost"
    assert me["User"]["is_admin"] is True


def test_others_sign_in_without_any_right(platz: PlatzProcess) -> None:
    with signed_in(platz.url, "viewer@platz.localhost", password="viewer") as viewer:
        assert viewer.get("/auth/me")["User"]["is_admin"] is False
        cluster = viewer.items("/k8s-clusters")[0]
        refused = viewer.http.post(
            "/deployments",
            json={
                "name": "mine",
                "kind_id": viewer.items("/deployment-kinds")[0]["id"],
                "cluster_id": cluster["id"],
                "helm_chart_id": viewer.items("/helm-charts")[0]["id"],
            },
        )
    assert refused.status_code == 404  # the environment of the cluster is out of sight


def test_the_install_task_is_done_and_says_who_asked_and_when(shop: FirstDeploy, admin: Client) -> None:
    (task,) = shop.tasks

    assert task["status"] == "Done"
    assert next(iter(task["operation"])) == "Install"
    assert task["operation"]["Install"]["config_inputs"] == CONFIG
    assert task["acting_user_id"] == admin.get("/auth/me")["User"]["id"]
    moments = [task[name] for name in ("created_at", "first_attempted_at", "started_at", "finished_at")]
    assert moments == sorted(moments)


def test_the_deployment_runs_its_install_task(shop: FirstDeploy) -> None:
    assert shop.deployment["status"] == "Running"
    assert shop.deployment["reason"] is None
    assert shop.deployment["revision_id"] == shop.tasks[0]["id"]


def test_events_tell_of_every_change(shop: FirstDeploy) -> None:
    told = {(event.operation, event.table, event.env_id) for event in shop.events}

    assert told >= {
        ("INSERT", "deployments", shop.env_id),
        ("UPDATE", "deployments", shop.env_id),
        ("INSERT", "deployment_tasks", shop.env_id),
        ("UPDATE", "deployment_tasks", shop.env_id),
        ("INSERT", "k8s_resources", shop.env_id),
        ("UPDATE", "k8s_resources", shop.env_id),
    }
    assert shop.deployment["id"] in {event.id for event in shop.events if event.table == "deployments"}


def test_the_namespace_carries_the_label_and_the_deployments_id(shop: FirstDeploy, east: ClusterView) -> None:
    metadata = east.namespace("webshop-green").metadata

    assert metadata.labels["platz"] == "yes"
    assert metadata.annotations == {"platz_deployment_id": shop.deployment["id"]}


def test_the_credentials_in_the_namespace_let_the_workload_call_platz(
    shop: FirstDeploy, east: ClusterView, platz: PlatzProcess
) -> None:
    credentials = east.secret("webshop-green", "platz-creds")

    assert set(credentials) == {"access_token", "server_url", "expires_at"}
    assert credentials["server_url"] == f"{platz.url}/"
    with Client(platz.url, credentials["access_token"]) as workload:
        assert workload.get("/auth/me") == {"Deployment": {"id": shop.deployment["id"], "name": "green"}}


def test_helm_was_given_the_values_of_the_form_and_of_platz(
    shop: FirstDeploy, east: ClusterView, admin: Client, platz: PlatzProcess
) -> None:
    values = east.values("webshop-green")
    cluster = admin.cluster("east")

    own = values["platz"]
    assert own == values["shira"]
    assert own["env_id"] == shop.env_id
    assert own["env_name"] == "Default"
    assert own["cluster_id"] == cluster["id"] == own["cluster"]["id"]
    assert own["cluster_name"] == "east"
    assert own["deployment_id"] == shop.deployment["id"]
    assert own["deployment_name"] == "green"
    assert own["deployment_kind"] == "WebShop"
    assert own["revision_id"] == shop.tasks[0]["id"]
    assert own["own_url"] == f"{platz.url}/"
    assert values["shop"] == {
        "name": "Green Shop",
        "currency": "USD",
        "stock": 40,
        "banners": ["Hi", "Sale"],
    }
    assert values["web"] == {"replicas": 3}
    assert values["ingress"] == {
        "enabled": True,
        "className": "sandbox",
        "hosts": [
            {
                "host": "webshop-green.east.platz.localhost",
                "paths": [{"path": "/", "pathType": "Prefix"}],
            }
        ],
        "tls": [{"secretName": "platz-sandbox-tls", "hosts": ["webshop-green.east.platz.localhost"]}],
    }
    assert "nodeSelector" in values
    assert "tolerations" in values
    assert set(values["worker"]) == {"nodeSelector", "tolerations"}


def test_the_workloads_are_listed_with_their_dots(shop: FirstDeploy) -> None:
    dots = {(row["kind"], row["name"]): row["status_color"] for row in shop.resources if row["kind"] != "Job"}

    assert dots[("Deployment", "webshop-green-web")] == ["Success"] * 3
    assert dots[("Deployment", "webshop-green-worker")] == ["Success"]
    assert [kind for kind, _ in dots].count("StatefulSet") == 1


def test_what_the_shop_reports_is_stored(shop: FirstDeploy) -> None:
    reported = shop.deployment["reported_status"]

    assert reported["get_successful"] is True
    assert reported["error"] is None
    assert reported["content"]["status"] == {"name": "Open", "color": "success"}
    assert 30 <= stock_of(shop.deployment) <= 40  # the shop sells some of it over time


def test_an_action_changes_what_the_shop_reports(shop: FirstDeploy, admin: Client) -> None:
    task = admin.post(
        "/deployment-tasks",
        {
            "deployment_id": shop.deployment["id"],
            "operation": {
                "InvokeAction": {
                    "helm_chart_id": shop.deployment["helm_chart_id"],
                    "action_id": "restock",
                    "body": {"units": 1000, "supplier": "local"},
                }
            },
        },
    )

    done = eventually(lambda: finished(admin, task["id"]))
    assert done["status"] == "Done", done["reason"]
    assert "1000 units were delivered by local" in done["reason"]
    row = admin.until(shop.deployment["id"], lambda row: stock_of(row) > 1000, seconds=POLL_SECONDS)
    assert row["status"] == "Running"


def stock_of(deployment: dict[str, Any]) -> int:
    """Return the stock that a web shop reports."""
    metrics = deployment["reported_status"]["content"]["metrics"]
    return next(int(metric["value"]) for metric in metrics if metric["short_description"] == "Stock")


def finished(client: Client, task_id: str) -> dict[str, Any] | None:
    task = client.get(f"/deployment-tasks/{task_id}")
    return task if task["finished_at"] else None
