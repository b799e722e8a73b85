"""Kinds that charts bring and few clusters use: all are served, in every version, and answer as real ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from simulator_world import Simulator, workload
from waiting import eventually

AUTOSCALERS = "/apis/autoscaling/{version}/namespaces/{namespace}/horizontalpodautoscalers"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


@pytest.mark.parametrize(
    "path",
    [
        "admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
        "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
        "admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
        "apiregistration.k8s.io/v1/apiservices",
        "autoscaling/v1/horizontalpodautoscalers",
        "certificates.k8s.io/v1/certificatesigningrequests",
        "flowcontrol.apiserver.k8s.io/v1/flowschemas",
        "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
        "networking.k8s.io/v1/servicecidrs",
        "node.k8s.io/v1/runtimeclasses",
        "resource.k8s.io/v1/deviceclasses",
        "storage.k8s.io/v1/csidrivers",
        "storage.k8s.io/v1/volumeattributesclasses",
    ],
)
def test_the_kind_is_served_and_discovered(api: httpx.Client, path: str) -> None:
    group_version, _, plural = path.rpartition("/")

    discovered = api.get(f"/apis/{group_version}").raise_for_status().json()["resources"]

    assert plural in {resource["name"] for resource in discovered}
    assert api.get(f"/apis/{path}").raise_for_status().json()["items"] is not None


def autoscaler(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 3, **spec}}


def test_an_autoscaler_of_version_1_is_the_same_object_in_version_2(
    api: httpx.Client, namespace: str
) -> None:
    first, second = (AUTOSCALERS.format(version=version, namespace=namespace) for version in ("v1", "v2"))

    made = api.post(first, json=autoscaler(targetCPUUtilizationPercentage=60)).raise_for_status().json()
    shown = api.get(f"{second}/web").raise_for_status().json()

    assert (made["apiVersion"], made["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 60)
    assert "metrics" not in made["spec"]
    target = {"type": "Utilization", "averageUtilization": 60}
    assert shown["spec"]["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert shown["metadata"]["uid"] == made["metadata"]["uid"]


def test_a_change_through_version_1_is_seen_in_version_2(api: httpx.Client, namespace: str) -> None:
    first, second = (AUTOSCALERS.format(version=version, namespace=namespace) for version in ("v1", "v2"))
    api.post(second, json=autoscaler()).raise_for_status()

    change = b'{"spec":{"targetCPUUtilizationPercentage":30}}'
    headers = {"content-type": "application/merge-patch+json"}
    api.patch(f"{first}/web", content=change, headers=headers).raise_for_status()

    [metric] = api.get(f"{second}/web").json()["spec"]["metrics"]
    assert metric["resource"]["target"]["averageUtilization"] == 30
    [listed] = api.get(first).json()["items"]
    assert listed["spec"]["targetCPUUtilizationPercentage"] == 30


def test_the_preferred_version_of_autoscaling_is_2(api: httpx.Client) -> None:
    group = api.get("/apis/autoscaling").json()

    assert group["preferredVersion"]["version"] == "v2"
    assert [version["version"] for version in group["versions"]] == ["v2", "v1"]


def test_the_root_lists_the_paths(api: httpx.Client) -> None:
    paths = api.get("/").raise_for_status().json()["paths"]

    assert {"/api/v1", "/apis/apps/v1", "/apis/autoscaling/v1", "/version"} <= set(paths)


def test_the_version_says_what_it_emulates(api: httpx.Client) -> None:
    version = api.get("/version").json()

    assert (version["emulationMajor"], version["emulationMinor"]) == (version["major"], version["minor"])


def test_a_token_of_a_service_account_signs_in_until_it_ends(
    api: httpx.Client, namespace: str, simulator: Simulator
) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.post(accounts, json={"metadata": {"name": "robot"}}).raise_for_status()

    made = api.post(f"{accounts}/robot/token", json={"spec": {"expirationSeconds": 2}})

    assert made.status_code == 201
    headers = {"authorization": f"Bearer {made.json()['status']['token']}"}
    with simulator.http(headers=headers) as robot:
        assert robot.get("/api/v1/namespaces").is_success
        eventually(lambda: robot.get("/api/v1/namespaces").status_code == 401)


def test_a_token_of_no_service_account_is_not_found(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/nobody/token"

    assert api.post(path, json={}).status_code == 404


@pytest.mark.parametrize(
    ("plural", "document", "shown"),
    [
        ("services", {"spec": {"ports": [{"port": 80}]}}, "Service"),
        ("serviceaccounts", {}, "ServiceAccount"),
        ("resourcequotas", {"spec": {"hard": {"cpu": 1}}}, "ResourceQuota"),
        ("configmaps", {}, "Status"),
        ("secrets", {}, "Status"),
    ],
)
def test_a_deletion_is_answered_with_the_object_or_with_a_status(
    api: httpx.Client, namespace: str, plural: str, document: dict[str, Any], shown: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/{plural}"
    api.post(path, json={"metadata": {"name": "x"}, **document}).raise_for_status()

    assert api.delete(f"{path}/x").raise_for_status().json()["kind"] == shown


def test_a_name_that_is_being_deleted_is_still_taken(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    kept = {"metadata": {"name": "x", "finalizers": ["example.com/wait"]}}
    api.post(path, json=kept).raise_for_status()
    api.delete(f"{path}/x").raise_for_status()

    refused = api.post(path, json=kept)

    assert refused.status_code == 409
    assert refused.json()["message"] == 'object is being deleted: configmaps "x" already exists'
    headers = {"content-type": "application/merge-patch+json"}
    api.patch(f"{path}/x", content=b'{"metadata":{"finalizers":null}}', headers=headers).raise_for_status()


def test_a_version_of_the_future_is_not_waited_for_by_a_read(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"

    refused = api.get(path, params={"resourceVersion": "999999999"})

    assert refused.status_code == 504
    [cause] = refused.json()["details"]["causes"]
    assert cause["message"] == "Too large resource version"


def test_the_same_amount_in_another_spelling_is_no_conflict(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    document = workload(replicas=0)
    spec = document["spec"]["template"]["spec"]
    document["spec"]["template"]["metadata"].pop("annotations")
    headers = {"content-type": "application/apply-patch+yaml"}
    for manager, amounts in (
        ("one", {"cpu": "1000m", "memory": "1024Mi"}),
        ("two", {"cpu": "1", "memory": "1Gi"}),
    ):
        spec["containers"] = [
            {"name": "main", "image": "registry.example/web:1", "resources": {"limits": amounts}}
        ]
        applied = api.patch(path, json=document, headers=headers, params={"fieldManager": manager})
        applied.raise_for_status()

    [stored] = applied.json()["spec"]["template"]["spec"]["containers"]
    assert stored["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}


def test_an_empty_cluster_address_stands_for_the_present_one(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/services"
    spec = {"clusterIP": "", "ports": [{"port": 80}]}
    made = api.post(path, json={"metadata": {"name": "web"}, "spec": spec}).raise_for_status().json()

    headers = {"content-type": "application/merge-patch+json"}
    kept = (
        api.patch(f"{path}/web", content=b'{"spec":{"clusterIP":""}}', headers=headers)
        .raise_for_status()
        .json()
    )

    assert made["spec"]["clusterIP"].startswith("10.96.")
    assert kept["spec"]["clusterIP"] == made["spec"]["clusterIP"]
