"""Server-side apply: ownership, conflicts, force, giving up fields."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from simulator_world import workload

HEADERS = {"content-type": "application/apply-patch+yaml"}


def apply(
    api: httpx.Client, namespace: str, document: dict[str, Any], manager: str, **query: str
) -> httpx.Response:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{document['metadata']['name']}"
    return api.patch(
        path, content=orjson.dumps(document), headers=HEADERS, params={"fieldManager": manager, **query}
    )


def part(**spec: Any) -> dict[str, Any]:
    """Return a configuration of a few fields of the workload."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def container(**fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "main", **fields}]}}}


def containers_of(answer: httpx.Response) -> list[dict[str, Any]]:
    return answer.raise_for_status().json()["spec"]["template"]["spec"]["containers"]


def managers_of(answer: httpx.Response) -> set[tuple[str, str]]:
    entries = answer.raise_for_status().json()["metadata"]["managedFields"]
    return {(entry["manager"], entry["operation"]) for entry in entries}


def test_the_first_apply_creates_and_the_second_changes(api: httpx.Client, namespace: str) -> None:
    assert apply(api, namespace, workload(), "one").status_code == 201
    changed = apply(api, namespace, workload(replicas=0), "one")

    assert (changed.status_code, changed.json()["spec"]["replicas"]) == (200, 0)


def test_applying_the_same_again_writes_nothing(api: httpx.Client, namespace: str) -> None:
    first = apply(api, namespace, workload(replicas=0), "one").json()
    apply(api, namespace, workload(replicas=0), "one")
    again = apply(api, namespace, workload(replicas=0), "one").json()

    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    assert again["metadata"]["managedFields"] == first["metadata"]["managedFields"]


def test_another_managers_field_conflicts(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(), "one")

    refused = apply(api, namespace, part(**container(image="registry.example/web:2")), "two")

    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    [cause] = refused.json()["details"]["causes"]
    assert cause["reason"] == "FieldManagerConflict"
    assert cause["message"] == 'conflict with "one"'
    assert cause["field"] == '.spec.template.spec.containers[name="main"].image'


def test_force_takes_the_field_over(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(), "one")
    forced = apply(api, namespace, part(**container(image="registry.example/web:2")), "two", force="true")

    assert containers_of(forced)[0]["image"] == "registry.example/web:2"
    assert apply(api, namespace, workload(), "one").status_code == 409


def test_the_same_value_is_owned_together(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(replicas=0), "one")
    shared = apply(api, namespace, part(replicas=0), "two")
    nothing = {key: value for key, value in part().items() if key != "spec"}
    kept = apply(api, namespace, nothing, "two")

    assert managers_of(shared) == {("one", "Apply"), ("two", "Apply")}
    assert kept.json()["spec"]["replicas"] == 0
    assert managers_of(kept) == {("one", "Apply")}


def test_a_field_that_is_applied_no_more_goes(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]), "one")

    changed = apply(api, namespace, workload(env=[{"name": "B", "value": "2"}]), "one")

    assert containers_of(changed)[0]["env"] == [{"name": "B", "value": "2"}]


def test_lists_merge_with_what_others_own(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(env=[{"name": "A", "value": "1"}]), "one")
    merged = apply(api, namespace, part(**container(env=[{"name": "B", "value": "2"}])), "two")
    left = apply(api, namespace, part(**container()), "two")

    assert [variable["name"] for variable in containers_of(merged)[0]["env"]] == ["A", "B"]
    assert containers_of(left)[0]["env"] == [{"name": "A", "value": "1"}]


def test_an_update_takes_the_fields_that_it_changes(api: httpx.Client, namespace: str) -> None:
    made = apply(api, namespace, workload(replicas=0), "one").json()
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    change = orjson.dumps({"spec": {"minReadySeconds": 5, "replicas": 1}})
    api.patch(
        path, content=change, headers={"content-type": "application/merge-patch+json", "user-agent": "hand/1"}
    )

    refused = apply(api, namespace, workload(replicas=0), "one")

    assert made["spec"]["replicas"] == 0
    assert refused.json()["details"]["causes"][0]["message"] == 'conflict with "hand" using apps/v1'


def test_scaling_owns_the_number_through_its_subresource(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(replicas=0), "one")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale"
    headers = {"content-type": "application/merge-patch+json", "user-agent": "scaler/1"}
    api.patch(path, content=b'{"spec":{"replicas":1}}', headers=headers).raise_for_status()

    refused = apply(api, namespace, workload(replicas=0), "one")

    assert 'conflict with "scaler" with subresource "scale"' in refused.json()["message"]


def test_atomic_lists_belong_to_one_manager(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(), "one")
    apply(api, namespace, part(**container(args=["--a"])), "two")

    refused = apply(api, namespace, part(**container(args=["--b"])), "three")

    assert refused.json()["details"]["causes"][0]["field"].endswith(".args")


def test_apply_without_a_manager_is_refused(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"

    assert api.patch(path, content=orjson.dumps(workload()), headers=HEADERS).status_code == 400


def test_yaml_is_applied_too(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  answer: 'yes'\n"

    made = api.patch(path, content=text.encode(), headers=HEADERS, params={"fieldManager": "one"})

    assert made.json()["data"] == {"answer": "yes"}
