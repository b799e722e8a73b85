"""The main walk, part 2: a running deployment is upgraded, scaled and restarted; it fails and is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from acceptance.cluster_view import ClusterView
from acceptance.platz_client import Client
from waiting import eventually

NAMESPACE = "webshop-blue"
WEB = "webshop-blue-web"
RESTARTED_AT = "kube.kubernetes.io/restartedAt"


@dataclass(frozen=True, kw_only=True)
class Upgraded:
    """A web shop before and after its upgrade."""

    before: dict[str, Any]
    after: dict[str, Any]
    task: dict[str, Any]


@pytest.fixture(scope="module")
def upgraded(admin: Client) -> Upgraded:
    made = admin.deploy("web-shop", "1.0.0", name="blue", config={"shop_name": "Blue", "replicas": 1})
    before = admin.running(made["id"])
    newer = admin.chart("web-shop", "1.1.0")
    config = {**before["config"], "replicas": 2, "search": True}
    admin.put(f"/deployments/{made['id']}", {**before, "helm_chart_id": newer["id"], "config": config})
    after = admin.running(made["id"])
    return Upgraded(before=before, after=after, task=admin.tasks(made["id"])[-1])


def test_an_upgrade_says_what_changed(upgraded: Upgraded) -> None:
    operation = upgraded.task["operation"]["Upgrade"]

    assert upgraded.task["status"] == "Done"
    assert operation["prev_helm_chart_id"] == upgraded.before["helm_chart_id"]
    assert operation["helm_chart_id"] == upgraded.after["helm_chart_id"]
    assert operation["config_delta"] == {"replicas": [1, 2], "search": [None, True]}


def test_an_upgrade_becomes_the_revision(upgraded: Upgraded, east: ClusterView) -> None:
    assert upgraded.after["revision_id"] == upgraded.task["id"] != upgraded.before["revision_id"]
    assert east.statuses(NAMESPACE) == ["superseded", "deployed"]
    assert east.releases(NAMESPACE)[-1]["chart"]["metadata"]["version"] == "1.1.0"
    assert east.values(NAMESPACE)["platz"]["revision_id"] == upgraded.task["id"]


def test_an_upgrade_changes_the_workloads(upgraded: Upgraded, admin: Client, east: ClusterView) -> None:
    assert east.workload(NAMESPACE, WEB).spec.replicas == 2
    eventually(lambda: dots(admin, upgraded.after["id"])[WEB] == ["Success"] * 2)
    assert any("search" in name for name in dots(admin, upgraded.after["id"]))


def test_a_workload_scaled_with_kubectl_shows_its_dots(
    upgraded: Upgraded, admin: Client, east: ClusterView
) -> None:
    east.apps.patch_namespaced_deployment_scale(WEB, NAMESPACE, {"spec": {"replicas": 4}})

    assert eventually(lambda: dots(admin, upgraded.after["id"])[WEB] == ["Success"] * 4)


def test_a_workload_is_restarted(upgraded: Upgraded, admin: Client, east: ClusterView) -> None:
    (resource,) = [
        row for row in admin.items("/k8s-resources", deployment_id=upgraded.after["id"]) if row["name"] == WEB
    ]
    pods = pods_of(east)

    admin.post(
        "/deployment-tasks",
        {
            "deployment_id": upgraded.after["id"],
            "operation": {"RestartK8sResource": {"resource_id": resource["id"], "resource_name": WEB}},
        },
    )
    task = admin.settled(upgraded.after["id"])[-1]

    assert task["status"] == "Done", task["reason"]
    assert RESTARTED_AT in east.workload(NAMESPACE, WEB).spec.template.metadata.annotations
    assert eventually(lambda: not pods & pods_of(east))


def test_a_failing_chart_says_why_and_an_upgrade_mends_it(admin: Client) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="wild", config={"mode": "template-error"})

    (task,) = admin.settled(made["id"])
    broken = admin.deployment(made["id"])

    assert task["status"] == "Failed"
    assert "the chaos monkey was asked for a template error" in task["reason"]
    assert broken["status"] == "Error"
    assert broken["reason"] == task["reason"]
    assert broken["revision_id"] is None
    admin.put(f"/deployments/{made['id']}", {**broken, "config": {"mode": "works"}})
    mended = admin.running(made["id"])
    assert mended["reason"] is None
    assert mended["revision_id"] == admin.tasks(made["id"])[-1]["id"]


def test_a_failing_upgrade_keeps_the_revision_that_ran(admin: Client) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="tame", config={"mode": "works"})
    ran = admin.running(made["id"])

    admin.put(f"/deployments/{made['id']}", {**ran, "config": {"mode": "hook-fails"}})
    task = admin.settled(made["id"])[-1]

    failed = admin.deployment(made["id"])
    assert (task["status"], failed["status"]) == ("Failed", "Error")
    assert "chaosmonkey-tame-prepare" in task["reason"] or "hook" in task["reason"]
    assert failed["revision_id"] == ran["revision_id"]
    admin.put(f"/deployments/{made['id']}", {**failed, "config": {"mode": "works"}})
    assert admin.running(made["id"])["revision_id"] != ran["revision_id"]


def test_a_failing_action_says_what_was_answered(admin: Client) -> None:
    made = admin.deploy("chaos-monkey", "1.0.0", name="loud", config={"mode": "works"})
    running = admin.running(made["id"])
    eventually(lambda: dots(admin, made["id"]).get("chaosmonkey-loud") == ["Success"])

    admin.post(
        "/deployment-tasks",
        {
            "deployment_id": made["id"],
            "operation": {
                "InvokeAction": {
                    "helm_chart_id": running["helm_chart_id"],
                    "action_id": "explode",
                    "body": {},
                }
            },
        },
    )
    task = admin.settled(made["id"])[-1]

    assert task["status"] == "Failed"
    assert "https://chaosmonkey-loud.east.platz.localhost/actions/explode answered 500" in task["reason"]
    assert admin.deployment(made["id"])["status"] == "Running"


def test_a_one_per_cluster_chart_is_deployed_once_in_each_cluster(admin: Client) -> None:
    config = {"upstream": "https://quay.io"}
    named = admin.deploy("registry-cache", "2.4.1", name="mine", config=config, status=409)
    made = admin.deploy("registry-cache", "2.4.1", name="", config=config)
    admin.deploy("registry-cache", "2.4.1", name="", config=config, status=409)
    other = admin.deploy("registry-cache", "2.4.1", name="", config=config, cluster="west")

    assert "one per cluster" in str(named)
    admin.running(made["id"])
    admin.running(other["id"])
    assert {row["name"] for row in admin.items("/k8s-resources", deployment_id=made["id"])} == {
        "registrycache"
    }


def dots(client: Client, deployment_id: str) -> dict[str, list[str]]:
    rows = client.items("/k8s-resources", deployment_id=deployment_id)
    return {row["name"]: row["status_color"] for row in rows}


def pods_of(cluster: ClusterView) -> set[str]:
    selector = "app.kubernetes.io/component=web"
    return {
        pod.metadata.uid for pod in cluster.core.list_namespaced_pod(NAMESPACE, label_selector=selector).items
    }
