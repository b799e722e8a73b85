"""What Platz does to a cluster, done to one."""

from __future__ import annotations

import base64
from typing import Any, cast
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from waiting import eventually

from platz.errors import Conflict, Rejected
from platz.identities import DeploymentId
from platz.kube.api_resources import DEPLOYMENT, NAMESPACE, POD, SECRET
from platz.kube.client import KubeClient
from platz.kube.errors import KubeAlreadyExists, KubeConflict, KubeNotFound, KubeRejected, KubeUnfinished
from platz.kube.namespaces import (
    delete_namespace,
    deployment_of,
    ensure_namespace,
    find_namespace,
    is_terminating,
)
from platz.kube.object_removal import remove_pods
from platz.kube.secret_objects import Secrets, apply_secret
from platz.kube.workload_restart import RESTART_ANNOTATION, restart_workload
from tests.kube_requests import version_of


def a_workload() -> dict[str, Any]:
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "example/web:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def texts_of(client: KubeClient, namespace: str, name: str) -> dict[str, str]:
    found = client.get(SECRET, name=name, namespace=namespace)
    data = cast("dict[str, str]", found["data"])
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_the_version_is_told(east: KubeClient) -> None:
    assert version_of(east).startswith("v1.")


def test_a_namespace_lives_and_goes(east: KubeClient) -> None:
    name, deployment = f"ns-{uuid4().hex[:8]}", DeploymentId(uuid4())
    ensure_namespace(east, name=name, deployment_id=deployment)
    ensure_namespace(east, name=name, deployment_id=deployment)
    found = find_namespace(east, name=name)
    assert found is not None
    assert deployment_of(found) == str(deployment)
    delete_namespace(east, name=name)
    delete_namespace(east, name=name)
    eventually(lambda: find_namespace(east, name=name) is None)


def test_a_namespace_is_made_anew_while_the_old_one_goes(east: KubeClient) -> None:
    name, old, new = f"ns-{uuid4().hex[:8]}", DeploymentId(uuid4()), DeploymentId(uuid4())
    ensure_namespace(east, name=name, deployment_id=old)
    delete_namespace(east, name=name)
    made = ensure_namespace(east, name=name, deployment_id=new)
    assert deployment_of(made) == str(new)
    assert not is_terminating(made)
    delete_namespace(east, name=name)


def test_a_namespace_of_another_deployment_is_a_conflict(east: KubeClient, namespace: str) -> None:
    with pytest.raises(Conflict, match="was not made by Platz"):
        ensure_namespace(east, name=namespace, deployment_id=DeploymentId(uuid4()))


def test_a_secret_is_applied_and_changed(east: KubeClient, namespace: str) -> None:
    apply_secret(east, namespace=namespace, name="platz-creds", texts={"a": "1", "b": "ü\n"})
    apply_secret(east, namespace=namespace, name="platz-creds", texts={"a": "2", "b": "ü\n"})
    assert texts_of(east, namespace, "platz-creds") == {"a": "2", "b": "ü\n"}
    found = cast("Any", east.get(SECRET, name="platz-creds", namespace=namespace))
    assert found["type"] == "Opaque"
    assert {entry["manager"] for entry in found["metadata"]["managedFields"]} == {"platz-creds"}


def test_a_secret_of_somebody_else_is_not_taken(east: KubeClient, namespace: str) -> None:
    theirs: Any = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shared"}, "type": "Opaque"}
    theirs["stringData"] = {"password": "theirs"}
    east.apply(SECRET, theirs, name="shared", namespace=namespace, field_manager="helm")
    with pytest.raises(Conflict, match="managed by somebody else") as caught:
        apply_secret(east, namespace=namespace, name="shared", texts={"password": "ours-ours"})
    assert "ours-ours" not in caught.value.message
    assert texts_of(east, namespace, "shared") == {"password": "theirs"}


def test_a_secret_with_a_bad_key_is_rejected_without_its_value(east: KubeClient, namespace: str) -> None:
    with pytest.raises(KubeRejected) as caught:
        apply_secret(east, namespace=namespace, name="creds", texts={"not a key!": "hunter2"})
    assert "hunter2" not in caught.value.message


def test_a_secret_without_a_namespace_is_not_found(east: KubeClient) -> None:
    with pytest.raises(KubeNotFound):
        apply_secret(east, namespace="not-there", name="creds", texts={"a": "b"})


def test_a_restart_rolls_the_pods(east: KubeClient, namespace: str) -> None:
    east.create(DEPLOYMENT, a_workload(), namespace=namespace)
    before = cast("Any", east.get(DEPLOYMENT, name="web", namespace=namespace))
    restart_workload(east, kind="Deployment", namespace=namespace, name="web")
    after = cast("Any", east.get(DEPLOYMENT, name="web", namespace=namespace))
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert RESTART_ANNOTATION in after["spec"]["template"]["metadata"]["annotations"]


def test_a_restart_of_nothing_is_not_found(east: KubeClient, namespace: str) -> None:
    with pytest.raises(KubeNotFound):
        restart_workload(east, kind="StatefulSet", namespace=namespace, name="web")


def test_creating_twice_and_replacing_the_stale_are_conflicts(east: KubeClient, namespace: str) -> None:
    made = east.create(DEPLOYMENT, a_workload(), namespace=namespace)
    with pytest.raises(KubeAlreadyExists):
        east.create(DEPLOYMENT, a_workload(), namespace=namespace)
    east.merge(DEPLOYMENT, {"metadata": {"labels": {"new": "yes"}}}, name="web", namespace=namespace)
    with pytest.raises(KubeConflict):
        east.replace(DEPLOYMENT, made, name="web", namespace=namespace)


def test_secrets_are_listed_put_back_and_deleted(east: KubeClient, namespace: str) -> None:
    secrets = Secrets(east)
    for name in ("one", "two"):
        document: Any = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {"n": name}},
        }
        east.create(SECRET, document, namespace=namespace)
    [found] = secrets.list(namespace=namespace, label_selector="n=one")
    put_back = secrets.replace({**found, "data": {"a": "Yg=="}}, namespace=namespace, name="one")
    assert put_back["data"] == {"a": "Yg=="}
    secrets.delete(namespace=namespace, name="one")
    with pytest.raises(KubeNotFound):
        secrets.delete(namespace=namespace, name="one")
    assert secrets.list(namespace="not-there", label_selector="n=one") == ()


def test_a_bad_name_is_rejected_with_the_clusters_reason(east: KubeClient) -> None:
    with pytest.raises(Rejected, match=r"Cluster east: .*Bad_Name"):
        ensure_namespace(east, name="Bad_Name", deployment_id=DeploymentId(uuid4()))


def test_lists_of_many_pages_are_complete(east: KubeClient, namespace: str) -> None:
    for number in range(520):
        document: Any = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s{number}"}}
        east.create(SECRET, document, namespace=namespace)
    listing = east.list_all(SECRET, namespace=namespace)
    assert {cast("Any", item)["metadata"]["name"] for item in listing.items} == {f"s{n}" for n in range(520)}


def test_each_cluster_has_its_own_objects(simulated: SimulatedClusters, namespace: str) -> None:
    west = KubeClient(simulated.access["west"])
    assert west.find(NAMESPACE, name=namespace) is None
    west.abort()


def test_pods_are_removed_and_waited_for(east: KubeClient, namespace: str) -> None:
    for name in ("one", "two"):
        pod: Any = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
        pod["spec"] = {"containers": [{"name": "web", "image": "example/web:1"}]}
        east.create(POD, pod, namespace=namespace)
    remove_pods(east, namespace=namespace, names=["one", "not-there", "two"])
    assert east.list_all(POD, namespace=namespace).items == ()


def test_a_pod_that_does_not_go_is_told(east: KubeClient, namespace: str) -> None:
    pod: Any = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stays", "finalizers": ["example.com/keep"]},
    }
    pod["spec"] = {"containers": [{"name": "web", "image": "example/web:1"}]}
    east.create(POD, pod, namespace=namespace)
    with pytest.raises(KubeUnfinished, match="does not end"):
        remove_pods(east, namespace=namespace, names=["stays"], timeout_seconds=0)
    east.merge(POD, {"metadata": {"finalizers": None}}, name="stays", namespace=namespace)
