"""What the control loops make of workloads: roll-outs, order, failures, clean-up."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from simulator_world import workload
from waiting import eventually

MERGE = {"content-type": "application/merge-patch+json"}


class Apps:
    """The workloads of one namespace."""

    def __init__(self, api: httpx.Client, namespace: str) -> None:
        self.api, self.namespace = api, namespace

    def path(self, plural: str, name: str = "") -> str:
        group = {
            "jobs": "apis/batch/v1",
            "pods": "api/v1",
            "persistentvolumeclaims": "api/v1",
            "services": "api/v1",
        }
        return f"/{group.get(plural, 'apis/apps/v1')}/namespaces/{self.namespace}/{plural}/{name}".rstrip("/")

    def create(self, plural: str, document: dict[str, Any]) -> dict[str, Any]:
        return self.api.post(self.path(plural), json=document).raise_for_status().json()

    def get(self, plural: str, name: str) -> dict[str, Any]:
        return self.api.get(self.path(plural, name)).raise_for_status().json()

    def status(self, plural: str, name: str = "web") -> dict[str, Any]:
        return self.get(plural, name).get("status", {})

    def list(self, plural: str) -> list[dict[str, Any]]:
        return self.api.get(self.path(plural)).raise_for_status().json()["items"]

    def names(self, plural: str) -> list[str]:
        return [item["metadata"]["name"] for item in self.list(plural)]

    def patch(self, plural: str, name: str, document: dict[str, Any]) -> None:
        self.api.patch(
            self.path(plural, name), content=orjson.dumps(document), headers=MERGE
        ).raise_for_status()

    def set_image(self, plural: str, image: str) -> None:
        containers = [{"name": "main", "image": image}]
        self.patch(plural, "web", {"spec": {"template": {"spec": {"containers": containers}}}})

    def images(self) -> set[str]:
        pods = [pod for pod in self.list("pods") if "deletionTimestamp" not in pod["metadata"]]
        return {pod["spec"]["containers"][0]["image"] for pod in pods}

    def waiting_reasons(self) -> set[str]:
        statuses = [
            status for pod in self.list("pods") for status in pod["status"].get("containerStatuses", [])
        ]
        return {status["state"].get("waiting", {}).get("reason", "") for status in statuses}

    def rolled_out(self, replicas: int) -> bool:
        item = self.get("deployments", "web")
        status = item.get("status", {})
        counts = {status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")}
        return status.get("observedGeneration") == item["metadata"]["generation"] and counts == {replicas}

    def condition(self, plural: str, name: str, kind: str) -> dict[str, Any]:
        conditions = self.status(plural, name).get("conditions", [])
        return next((c for c in conditions if c["type"] == kind), {})


@pytest.fixture
def apps(api: httpx.Client, namespace: str) -> Apps:
    return Apps(api, namespace)


def test_a_deployment_gets_ready_pods_through_a_replica_set(apps: Apps) -> None:
    apps.create("deployments", workload(replicas=3))

    eventually(lambda: apps.rolled_out(3))
    [replica_set] = apps.list("replicasets")
    owners = {pod["metadata"]["ownerReferences"][0]["name"] for pod in apps.list("pods")}
    assert owners == {replica_set["metadata"]["name"]}
    assert apps.condition("deployments", "web", "Available")["status"] == "True"


def test_a_rolling_update_never_has_too_few_or_too_many(apps: Apps) -> None:
    document = workload(replicas=4)
    document["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    apps.create("deployments", document)
    eventually(lambda: apps.rolled_out(4))
    seen: list[tuple[int, int]] = []

    def done() -> bool:
        status = apps.status("deployments")
        seen.append((status.get("replicas", 0), status.get("availableReplicas", 0)))
        return apps.rolled_out(4) and apps.images() == {"registry.example/web:2"}

    apps.set_image("deployments", "registry.example/web:2")
    eventually(done)

    assert max(replicas for replicas, _ in seen) <= 5
    assert min(available for _, available in seen) >= 4
    assert (
        apps.get("deployments", "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    )


def test_recreate_ends_the_old_pods_first(apps: Apps) -> None:
    document = workload(replicas=2)
    document["spec"]["strategy"] = {"type": "Recreate"}
    apps.create("deployments", document)
    eventually(lambda: apps.rolled_out(2))

    apps.set_image("deployments", "registry.example/web:2")

    eventually(lambda: apps.rolled_out(2) and apps.images() == {"registry.example/web:2"})
    old, new = sorted(apps.list("replicasets"), key=lambda item: item["metadata"]["creationTimestamp"])
    assert {old["spec"]["replicas"], new["spec"]["replicas"]} == {0, 2}


def test_a_marked_image_never_becomes_ready_and_the_old_pods_stay(apps: Apps) -> None:
    document = workload(replicas=2)
    document["spec"]["progressDeadlineSeconds"] = 1
    apps.create("deployments", document)
    eventually(lambda: apps.rolled_out(2))

    apps.set_image("deployments", "registry.example/never-ready:2")

    eventually(
        lambda: (
            apps.condition("deployments", "web", "Progressing").get("reason") == "ProgressDeadlineExceeded"
        )
    )
    assert apps.status("deployments")["availableReplicas"] >= 2
    assert apps.images() == {"registry.example/web:1", "registry.example/never-ready:2"}


def test_a_crashing_image_restarts_and_is_not_available(apps: Apps) -> None:
    apps.create("deployments", workload(replicas=1, image="registry.example/crash:1"))

    eventually(lambda: apps.waiting_reasons() == {"CrashLoopBackOff"})
    assert apps.status("deployments")["unavailableReplicas"] == 1


@pytest.mark.simulated(reason="a scale of 0 is left out there")
def test_scaling_to_zero_removes_the_pods(apps: Apps) -> None:
    apps.create("deployments", workload(replicas=2))
    eventually(lambda: apps.rolled_out(2))

    apps.patch("deployments", "web/scale", {"spec": {"replicas": 0}})

    eventually(lambda: not apps.list("pods"))
    assert apps.get("deployments", "web/scale")["spec"] == {"replicas": 0}


def test_a_lost_pod_is_replaced(apps: Apps) -> None:
    apps.create("deployments", workload(replicas=1))
    eventually(lambda: apps.rolled_out(1))
    [lost] = apps.names("pods")

    apps.api.delete(apps.path("pods", lost))

    eventually(lambda: apps.rolled_out(1) and lost not in apps.names("pods"))


@pytest.mark.simulated(reason="claims are bound by a provisioner there")
def test_a_stateful_set_starts_its_pods_in_order(apps: Apps) -> None:
    document = workload(kind="StatefulSet", replicas=3)
    size = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "data"}, "spec": size}
    document["spec"] |= {"serviceName": "web", "volumeClaimTemplates": [claim]}
    apps.create("statefulsets", document)

    eventually(lambda: apps.status("statefulsets").get("readyReplicas") == 3)

    assert apps.names("pods") == ["web-0", "web-1", "web-2"]
    ready = [next(c["lastTransitionTime"] for c in pod["status"]["conditions"] if c["type"] == "Ready")
             for pod in apps.list("pods")]  # fmt: skip
    starts = [pod["metadata"]["creationTimestamp"] for pod in apps.list("pods")]
    assert ready == sorted(ready)
    assert starts == sorted(starts)
    eventually(lambda: {c["status"]["phase"] for c in apps.list("persistentvolumeclaims")} == {"Bound"})
    assert apps.names("persistentvolumeclaims") == ["data-web-0", "data-web-1", "data-web-2"]


def test_a_stateful_set_is_updated_from_the_highest_down(apps: Apps) -> None:
    document = workload(kind="StatefulSet", replicas=2)
    document["spec"]["serviceName"] = "web"
    apps.create("statefulsets", document)
    eventually(lambda: apps.status("statefulsets").get("readyReplicas") == 2)
    orders: list[tuple[str, ...]] = []

    def done() -> bool:
        updated = tuple(
            p["metadata"]["name"] for p in apps.list("pods") if p["spec"]["containers"][0]["image"][-1] == "2"
        )
        orders.append(updated)
        status = apps.status("statefulsets")
        return status.get("updatedReplicas") == status.get("readyReplicas") == 2

    apps.set_image("statefulsets", "registry.example/web:2")
    eventually(done)

    assert ("web-0",) not in orders

    def settled() -> bool:
        status = apps.status("statefulsets")
        return status["currentRevision"] == status["updateRevision"]

    eventually(settled)


def test_a_fixed_stateful_set_waits_for_its_broken_pod_to_be_deleted(apps: Apps) -> None:
    apps.create("statefulsets", workload(kind="StatefulSet", replicas=1, image="registry.example/crash:1"))
    eventually(lambda: apps.waiting_reasons() == {"CrashLoopBackOff"})
    apps.set_image("statefulsets", "registry.example/web:2")
    eventually(lambda: apps.status("statefulsets")["observedGeneration"] == 2)
    assert apps.images() == {"registry.example/crash:1"}

    apps.api.delete(apps.path("pods", "web-0")).raise_for_status()

    eventually(lambda: apps.status("statefulsets").get("updatedReplicas") == 1)
    assert apps.images() == {"registry.example/web:2"}


def test_a_parallel_stateful_set_replaces_its_broken_pods_one_by_one(apps: Apps) -> None:
    document = workload(kind="StatefulSet", replicas=2, image="registry.example/crash:1")
    document["spec"]["podManagementPolicy"] = "Parallel"
    apps.create("statefulsets", document)
    eventually(lambda: len(apps.list("pods")) == 2)

    apps.set_image("statefulsets", "registry.example/web:2")

    eventually(lambda: apps.status("statefulsets").get("readyReplicas") == 2)
    assert apps.images() == {"registry.example/web:2"}


def test_a_parallel_stateful_set_waits_for_an_updated_pod_that_is_not_ready(apps: Apps) -> None:
    document = workload(kind="StatefulSet", replicas=2)
    document["spec"]["podManagementPolicy"] = "Parallel"
    apps.create("statefulsets", document)
    eventually(lambda: apps.status("statefulsets").get("readyReplicas") == 2)

    apps.set_image("statefulsets", "registry.example/never-ready:2")

    eventually(lambda: apps.status("statefulsets").get("updatedReplicas") == 1)
    assert apps.images() == {"registry.example/web:1", "registry.example/never-ready:2"}


@pytest.mark.simulated(reason="the number of nodes is another there")
def test_a_daemon_set_has_a_pod_on_each_node(apps: Apps) -> None:
    document = workload(kind="DaemonSet")
    del document["spec"]["replicas"]
    apps.create("daemonsets", document)

    eventually(lambda: apps.status("daemonsets").get("numberAvailable") == 2)

    assert sorted(pod["spec"]["nodeName"] for pod in apps.list("pods")) == ["node-1", "node-2"]


def job(name: str = "once", *, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {
            "annotations": {f"sandbox.platz.io/{key}": value for key, value in (annotations or {}).items()}
        },
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "registry.example/job:1"}],
        },
    }
    return {"metadata": {"name": name}, "spec": {"template": template, **spec}}


def test_a_job_completes(apps: Apps) -> None:
    apps.create("jobs", job(completions=3, parallelism=2))

    eventually(lambda: apps.condition("jobs", "once", "Complete"))

    assert apps.status("jobs", "once")["succeeded"] == 3
    assert {pod["status"]["phase"] for pod in apps.list("pods")} == {"Succeeded"}


@pytest.mark.simulated(reason="a Job tries again after 10 s there")
def test_a_failing_job_tries_again_and_gives_up(apps: Apps) -> None:
    apps.create("jobs", job(annotations={"exit-code": "3"}, backoffLimit=1))

    eventually(lambda: apps.condition("jobs", "once", "Failed"))

    assert apps.condition("jobs", "once", "Failed")["reason"] == "BackoffLimitExceeded"
    assert apps.status("jobs", "once")["failed"] == 2
    codes = {
        p["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] for p in apps.list("pods")
    }
    assert codes == {3}


def test_a_job_that_takes_too_long_fails(apps: Apps) -> None:
    apps.create("jobs", job(annotations={"run-seconds": "60"}, activeDeadlineSeconds=1))

    eventually(lambda: apps.condition("jobs", "once", "Failed").get("reason") == "DeadlineExceeded")
    eventually(lambda: not apps.list("pods"))


@pytest.mark.simulated(reason="the stand-in kubelet starts it without")
def test_a_pod_waits_for_the_secret_that_it_names(apps: Apps) -> None:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
    apps.create("deployments", workload(replicas=1, env=[variable]))

    eventually(lambda: apps.waiting_reasons() == {"CreateContainerConfigError"})
    secrets = f"/api/v1/namespaces/{apps.namespace}/secrets"
    apps.api.post(secrets, json={"metadata": {"name": "login"}, "stringData": {"password": "x"}})
    eventually(lambda: apps.rolled_out(1))


def test_deleting_a_deployment_collects_what_it_owned(apps: Apps) -> None:
    apps.create("deployments", workload())
    eventually(lambda: apps.rolled_out(2))

    apps.api.delete(apps.path("deployments", "web"))

    eventually(lambda: not apps.list("replicasets") and not apps.list("pods"))


def test_orphaned_dependents_stay(apps: Apps) -> None:
    apps.create("deployments", workload())
    eventually(lambda: apps.rolled_out(2))

    apps.api.delete(apps.path("deployments", "web"), params={"propagationPolicy": "Orphan"})

    eventually(lambda: not apps.list("deployments"))
    [replica_set] = apps.list("replicasets")
    assert "ownerReferences" not in replica_set["metadata"]
    assert len(apps.list("pods")) == 2


def test_foreground_deletion_ends_with_the_owner(apps: Apps) -> None:
    apps.create("deployments", workload())
    eventually(lambda: apps.rolled_out(2))

    apps.api.delete(apps.path("deployments", "web"), params={"propagationPolicy": "Foreground"})

    def owner_outlives_pods() -> bool:
        pods, owners = apps.list("pods"), apps.list("deployments")
        assert owners or not [p for p in pods if "deletionTimestamp" not in p["metadata"]]
        return not owners and not pods

    eventually(owner_outlives_pods)


@pytest.mark.simulated(reason="it takes more than 10 s there")
def test_a_namespace_terminates_with_everything_in_it(apps: Apps) -> None:
    apps.create("deployments", workload())
    eventually(lambda: apps.rolled_out(2))
    path = f"/api/v1/namespaces/{apps.namespace}"

    terminating = apps.api.delete(path).json()
    refused = apps.api.post(
        apps.path("pods"), json={"metadata": {"name": "late"}, "spec": {"containers": []}}
    )

    assert terminating["status"]["phase"] == "Terminating"
    assert (refused.status_code, refused.json()["details"]["causes"][0]["reason"]) == (
        403,
        "NamespaceTerminating",
    )
    eventually(lambda: apps.api.get(path).status_code == 404)
    assert not apps.list("deployments")


def test_a_finalizer_keeps_its_namespace_terminating(apps: Apps) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["example.org/wait"]}}
    apps.api.post(f"/api/v1/namespaces/{apps.namespace}/configmaps", json=held)
    path = f"/api/v1/namespaces/{apps.namespace}"
    apps.api.delete(path)

    def told() -> bool:
        conditions = apps.api.get(path).json()["status"].get("conditions", [])
        return any(c["type"] == "NamespaceFinalizersRemaining" and c["status"] == "True" for c in conditions)

    eventually(told)
    release = {"metadata": {"finalizers": []}}
    apps.api.patch(f"{path}/configmaps/held", content=orjson.dumps(release), headers=MERGE).raise_for_status()
    eventually(lambda: apps.api.get(path).status_code == 404)


@pytest.mark.simulated(reason="an empty slice has null endpoints there")
def test_a_service_lists_its_ready_pods(apps: Apps) -> None:
    apps.create("deployments", workload())
    apps.create(
        "services",
        {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
    )
    path = f"/apis/discovery.k8s.io/v1/namespaces/{apps.namespace}/endpointslices"

    def ready() -> int:
        slices = apps.api.get(path).json()["items"]
        return sum(e["conditions"]["ready"] for s in slices for e in s["endpoints"])

    eventually(lambda: ready() == 2)


def test_a_custom_resource_is_served_once_it_is_defined(apps: Apps) -> None:
    group = f"{apps.namespace}.example.org"
    sizes = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": sizes}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": schema,
        "subresources": {"status": {}},
    }
    names = {"plural": "boxes", "kind": "Box"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    box = {"apiVersion": f"{group}/v1", "kind": "Box", "metadata": {"name": "b"}}
    path = f"/apis/{group}/v1/namespaces/{apps.namespace}/boxes"

    apps.api.post(definitions, json={"metadata": {"name": f"boxes.{group}"}, "spec": spec}).raise_for_status()
    good = apps.api.post(path, json={**box, "spec": {"size": 3}})
    bad = apps.api.post(path, json={**box, "spec": {"size": "big"}})
    lacking = apps.api.post(path, json={**box, "metadata": {"name": "c"}, "spec": {}})
    groups = [g["name"] for g in apps.api.get("/apis").json()["groups"]]
    apps.api.delete(f"{definitions}/boxes.{group}").raise_for_status()

    assert (good.status_code, bad.status_code, lacking.status_code) == (201, 422, 422)
    assert group in groups
    eventually(lambda: apps.api.get(path).status_code == 404)
