"""The official Python client, typed and dynamic, against the simulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, dynamic, watch
from simulator_world import Simulator, workload
from waiting import eventually


@pytest.fixture
def official(simulator: Simulator) -> Iterator[client.ApiClient]:
    api = config.new_client_from_config(str(simulator.kubeconfig), context="east")
    yield api
    api.close()


def test_versions_and_namespaces_are_read(official: client.ApiClient, namespace: str) -> None:
    assert client.VersionApi(official).get_code().git_version.startswith("v1.36")
    names = {item.metadata.name for item in client.CoreV1Api(official).list_namespace().items}
    assert {"default", "kube-system", namespace} <= names


def test_a_deployment_lives_its_life(official: client.ApiClient, namespace: str) -> None:
    apps = client.AppsV1Api(official)
    apps.create_namespaced_deployment(namespace, workload())
    eventually(
        lambda: apps.read_namespaced_deployment_status("web", namespace).status.available_replicas == 2
    )

    apps.patch_namespaced_deployment("web", namespace, {"spec": {"replicas": 1}})
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    scale.spec.replicas = 3
    scale.metadata.resource_version = None  # the roll-out writes too, and would conflict
    apps.replace_namespaced_deployment_scale("web", namespace, scale)
    eventually(
        lambda: apps.read_namespaced_deployment_status("web", namespace).status.available_replicas == 3
    )
    apps.delete_namespaced_deployment("web", namespace)

    eventually(lambda: not apps.list_namespaced_deployment(namespace).items)


def test_a_conflict_is_an_api_exception(official: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(official)
    core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}, "stringData": {"a": "1"}})

    with pytest.raises(client.ApiException) as refused:
        core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}})

    assert refused.value.status == 409


def test_logs_are_texts(official: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(official)
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "registry.example/job:1"}]}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "once"}, "spec": spec})
    eventually(lambda: core.read_namespaced_pod("once", namespace).status.phase == "Succeeded")

    assert core.read_namespaced_pod_log("once", namespace).splitlines()[-1] == "Done"


def test_the_clients_watch_sees_changes(official: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(official)
    seen: list[tuple[str, str]] = []
    now = core.list_namespaced_secret(namespace).metadata.resource_version

    def follow() -> None:
        events = watch.Watch().stream(
            core.list_namespaced_secret, namespace, timeout_seconds=10, resource_version=now
        )
        for event in events:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow)
    follower.start()
    core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}})
    core.delete_namespaced_secret("s", namespace)
    follower.join(15)

    assert seen[-1:] == [("DELETED", "s")]


def test_the_dynamic_client_discovers_and_applies(official: client.ApiClient, namespace: str) -> None:
    dynamic_client = dynamic.DynamicClient(official)
    deployments = dynamic_client.resources.get(api_version="apps/v1", kind="Deployment")
    document: dict[str, Any] = workload()

    deployments.server_side_apply(body=document, namespace=namespace, field_manager="test")

    eventually(lambda: deployments.get("web", namespace).status.availableReplicas == 2)
    deployments.delete("web", namespace)
