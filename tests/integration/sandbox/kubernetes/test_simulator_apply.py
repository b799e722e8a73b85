"""Server-side apply: ownership, conflicts, force, giving up fields."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
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
    """Return who owns fields and how; a real cluster's controllers own the status, sooner or later."""
    entries = answer.raise_for_status().json()["metadata"]["managedFields"]
    return {
        (entry["manager"], entry["operation"]) for entry in entries if entry.get("subresource") != "status"
    }


def test_the_first_apply_creates_and_the_second_changes(api: httpx.Client, namespace: str) -> None:
    assert apply(api, namespace, workload(), "one").status_code == 201
    changed = apply(api, namespace, workload(replicas=0), "one")

    assert (changed.status_code, changed.json()["spec"]["replicas"]) == (200, 0)


@pytest.mark.simulated(reason="controllers own the status there")
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


@pytest.mark.simulated(reason="controllers own the status there")
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


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "fieldManager"),
        ({"fieldManager": "m" * 129}, "fieldManager"),
        ({"fieldManager": "a\tb"}, "fieldManager"),
        ({"fieldManager": "one", "dryRun": "Some"}, "dryRun"),
        ({"fieldManager": "one", "fieldValidation": "Nope"}, "fieldValidation"),
    ],
)
def test_bad_options_are_refused(
    api: httpx.Client, namespace: str, options: dict[str, str], field: str
) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"

    refused = api.patch(path, content=orjson.dumps(workload()), headers=HEADERS, params=options)

    assert refused.status_code == 422
    assert refused.json()["message"].startswith(f'PatchOptions.meta.k8s.io "" is invalid: {field}: ')


def test_one_conflict_is_told_in_the_words_of_a_real_server(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(replicas=0), "helm")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    headers = {"content-type": "application/merge-patch+json"}
    api.patch(path, content=b'{"spec":{"replicas":1}}', headers=headers, params={"fieldManager": "kubectl"})

    refused = apply(api, namespace, workload(replicas=0), "helm").json()

    told = 'conflict with "kubectl" using apps/v1'
    assert refused["message"] == f"Apply failed with 1 conflict: {told}: .spec.replicas"
    cause = {"reason": "FieldManagerConflict", "message": told, "field": ".spec.replicas"}
    assert refused["details"] == {"causes": [cause]}


def test_several_conflicts_are_listed_by_manager(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, {**workload(), "spec": {**workload()["spec"], "minReadySeconds": 1}}, "helm")
    apply(api, namespace, part(replicas=0), "scaler", force="true")

    refused = apply(
        api,
        namespace,
        part(replicas=3, minReadySeconds=3, **container(image="registry.example/web:3")),
        "third",
    )

    assert refused.json()["message"] == (
        'Apply failed with 3 conflicts: conflicts with "helm":\n- .spec.minReadySeconds\n'
        '- .spec.template.spec.containers[name="main"].image\nconflicts with "scaler":\n- .spec.replicas'
    )


def apply_scale(
    api: httpx.Client, namespace: str, replicas: int, manager: str, **query: str
) -> httpx.Response:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale"
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}}
    body = orjson.dumps({**scale, "spec": {"replicas": replicas}})
    return api.patch(path, content=body, headers=HEADERS, params={"fieldManager": manager, **query})


def test_a_scale_is_applied_and_conflicts_like_any_field(api: httpx.Client, namespace: str) -> None:
    apply(api, namespace, workload(replicas=0), "helm")
    assert apply_scale(api, namespace, 1, "scaler").status_code == 409

    scaled = apply_scale(api, namespace, 1, "scaler", force="true")
    refused = apply(api, namespace, workload(replicas=0), "helm")

    assert (scaled.status_code, scaled.json()["spec"]["replicas"]) == (200, 1)
    assert 'conflict with "scaler" with subresource "scale": .spec.replicas' in refused.json()["message"]


def set_owners(
    api: httpx.Client, namespace: str, owners: list[dict[str, Any]], name: str = "web"
) -> httpx.Response:
    """Replace who owns which field, as Helm does before its first server-side apply."""
    change = orjson.dumps({"metadata": {"managedFields": owners}})
    headers = {"content-type": "application/merge-patch+json"}
    return api.patch(
        f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}", content=change, headers=headers
    )


def owned_by(answer: httpx.Response, manager: str) -> dict[str, Any]:
    entries = answer.raise_for_status().json()["metadata"]["managedFields"]
    return next(entry for entry in entries if entry["manager"] == manager)


@pytest.mark.simulated(reason="a version that is not served owns nothing there")
def test_an_applier_stays_the_same_under_another_api_version(api: httpx.Client, namespace: str) -> None:
    entry = owned_by(apply(api, namespace, workload(replicas=0), "one"), "one")
    set_owners(api, namespace, [{**entry, "apiVersion": "apps/v1beta2"}]).raise_for_status()

    again = apply(api, namespace, workload(replicas=1), "one")

    assert (again.status_code, managers_of(again)) == (200, {("one", "Apply")})


def test_the_owners_that_a_patch_brings_replace_the_present_ones(api: httpx.Client, namespace: str) -> None:
    entry = owned_by(apply(api, namespace, workload(replicas=0), "one"), "one")
    set_owners(api, namespace, [{**entry, "manager": "two"}]).raise_for_status()

    taken = apply(api, namespace, workload(replicas=1), "two")

    assert (taken.status_code, managers_of(taken)) == (200, {("two", "Apply")})


def test_what_the_new_owner_leaves_out_goes(api: httpx.Client, namespace: str) -> None:
    entry = owned_by(apply(api, namespace, workload(env=[{"name": "A", "value": "1"}]), "one"), "one")
    set_owners(api, namespace, [{**entry, "manager": "two"}]).raise_for_status()

    assert "env" not in containers_of(apply(api, namespace, workload(), "two"))[0]


def test_an_object_without_owners_belonged_to_nobody_before_its_first_apply(
    api: httpx.Client, namespace: str
) -> None:
    apply(api, namespace, workload(replicas=0), "one")
    cleared = set_owners(api, namespace, [{}])

    refused = apply(api, namespace, workload(replicas=1), "two")

    assert "managedFields" not in cleared.raise_for_status().json()["metadata"]
    assert 'conflict with "before-first-apply" using apps/v1' in refused.json()["message"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"replica": 1}, ".spec.replica: field not declared in schema"),
        ({"replicas": "1"}, ".spec.replicas: expected numeric (int or float), got string"),
        ({"paused": "yes"}, ".spec.paused: expected boolean, got &{yes}"),
        ({"selector": []}, ".spec.selector: expected map, got &{[]}"),
    ],
)
@pytest.mark.parametrize("validation", ["Strict", "Warn", "Ignore"])
def test_an_applied_field_that_the_kind_does_not_have_is_an_error(
    api: httpx.Client, namespace: str, change: dict[str, Any], told: str, validation: str
) -> None:
    refused = apply(api, namespace, part(**change), "one", fieldValidation=validation)

    assert refused.status_code == 500
    assert refused.json()["message"] == (
        f"failed to create typed patch object (/web; apps/v1, Kind=Deployment): {told}"
    )


def test_a_doubled_variable_is_applied_by_nobody(api: httpx.Client, namespace: str) -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]

    refused = apply(api, namespace, workload(env=twice), "one")

    assert refused.status_code == 500
    assert 'containers[name="main"].env: duplicate entries for key [name="A"]' in refused.json()["message"]


def test_yaml_is_applied_too(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  answer: 'yes'\n"

    made = api.patch(path, content=text.encode(), headers=HEADERS, params={"fieldManager": "one"})

    assert made.json()["data"] == {"answer": "yes"}
