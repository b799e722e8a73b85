"""Objects over plain HTTP: versions, conflicts, validation, patches, deletion."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from simulator_world import workload
from waiting import eventually


def config_map(name: str = "settings", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def patch(api: httpx.Client, path: str, document: Any, form: str, **query: str) -> httpx.Response:
    headers = {"content-type": f"application/{form}"}
    return api.patch(path, content=orjson.dumps(document), headers=headers, params=query)


def test_each_write_gets_a_higher_version(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    first = api.post(path, json=config_map(a="1")).json()
    second = api.put(f"{path}/settings", json={**first, "data": {"a": "2"}}).json()

    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


def test_a_write_that_changes_nothing_keeps_the_version(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    first = api.post(path, json=config_map(a="1")).json()

    assert api.put(f"{path}/settings", json=first).json() == first


def test_an_update_from_an_old_version_conflicts(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    first = api.post(path, json=config_map(a="1")).json()
    api.put(f"{path}/settings", json={**first, "data": {"a": "2"}})

    refused = api.put(f"{path}/settings", json={**first, "data": {"a": "3"}})

    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")


def test_a_taken_name_is_refused(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map())

    refused = api.post(path, json=config_map())

    assert (refused.status_code, refused.json()["reason"]) == (409, "AlreadyExists")


def test_a_generated_name_starts_as_asked(api: httpx.Client, namespace: str) -> None:
    document = {"metadata": {"generateName": "run-"}}

    made = api.post(f"/api/v1/namespaces/{namespace}/configmaps", json=document).json()

    assert made["metadata"]["name"].startswith("run-")
    assert len(made["metadata"]["name"]) == len("run-") + 5


def test_an_unknown_object_is_not_found(api: httpx.Client, namespace: str) -> None:
    refused = api.get(f"/api/v1/namespaces/{namespace}/secrets/none")

    assert refused.status_code == 404
    assert refused.json()["message"] == 'secrets "none" not found'


def test_an_object_in_an_unknown_namespace_is_refused(api: httpx.Client) -> None:
    refused = api.post("/api/v1/namespaces/nowhere/configmaps", json=config_map())

    assert (refused.status_code, refused.json()["details"]["kind"]) == (404, "namespaces")


def test_a_name_that_is_no_dns_name_is_invalid(api: httpx.Client, namespace: str) -> None:
    refused = api.post(f"/api/v1/namespaces/{namespace}/configmaps", json=config_map("Not_A_Name"))

    assert refused.status_code == 422
    assert refused.json()["details"]["causes"][0]["field"] == "metadata.name"


def test_every_broken_rule_is_told_at_once(api: httpx.Client, namespace: str) -> None:
    document = workload()
    document["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    document["spec"]["template"]["spec"]["containers"] = [{"name": "UPPER"}]

    refused = api.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", json=document).json()

    assert {cause["field"] for cause in refused["details"]["causes"]} == {
        "spec.template.metadata.labels",
        "spec.template.spec.containers[0].name",
        "spec.template.spec.containers[0].image",
    }


def test_a_selector_is_immutable(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = api.post(path, json=workload()).json()
    made["spec"]["selector"]["matchLabels"]["more"] = made["spec"]["template"]["metadata"]["labels"][
        "more"
    ] = "yes"
    del made["metadata"]["resourceVersion"]

    refused = api.put(f"{path}/web", json=made)

    assert refused.status_code == 422
    assert "field is immutable" in refused.json()["message"]


def test_unknown_fields_are_refused_warned_about_or_dropped(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    document = workload()
    document["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"

    strict = api.post(path, json=document, params={"fieldValidation": "Strict"})
    warned = api.post(path, json=document, params={"fieldValidation": "Warn"})

    assert strict.status_code == 400
    assert 'unknown field "spec.template.spec.containers[0].imagee"' in strict.json()["message"]
    assert "unknown field" in warned.headers["warning"]
    assert "imagee" not in warned.json()["spec"]["template"]["spec"]["containers"][0]


def test_a_wrong_type_is_refused(api: httpx.Client, namespace: str) -> None:
    document = workload()
    document["spec"]["replicas"] = "three"

    refused = api.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", json=document)

    assert refused.status_code == 400
    assert "into Go struct field DeploymentSpec.spec.replicas of type int32" in refused.json()["message"]


def test_a_dry_run_changes_nothing(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"

    made = api.post(path, json=config_map(), params={"dryRun": "All"})

    assert made.status_code == 201
    assert api.get(f"{path}/settings").status_code == 404


def test_secret_texts_become_data(api: httpx.Client, namespace: str) -> None:
    document = {"metadata": {"name": "login"}, "stringData": {"user": "ann"}}

    made = api.post(f"/api/v1/namespaces/{namespace}/secrets", json=document).json()

    assert (made["type"], made["data"]) == ("Opaque", {"user": "YW5u"})
    assert "stringData" not in made


def test_a_merge_patch_removes_with_null(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map(a="1", b="2"))

    patched = patch(api, f"{path}/settings", {"data": {"a": None, "c": "3"}}, "merge-patch+json").json()

    assert patched["data"] == {"b": "2", "c": "3"}


def test_a_strategic_patch_merges_lists_by_key(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    api.post(path, json=workload(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    containers = [{"name": "main", "env": [{"name": "B", "value": "3"}, {"name": "A", "$patch": "delete"}]}]

    change = {"spec": {"template": {"spec": {"containers": containers}}}}
    patched = patch(api, f"{path}/web", change, "strategic-merge-patch+json").json()

    [container] = patched["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/web:1"
    assert container["env"] == [{"name": "B", "value": "3"}]


def test_a_json_patch_tests_before_it_changes(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map(a="1"))
    operations = [{"op": "test", "path": "/data/a", "value": "2"}, {"op": "remove", "path": "/data/a"}]

    refused = patch(api, f"{path}/settings", operations, "json-patch+json")

    assert refused.status_code == 422
    assert api.get(f"{path}/settings").json()["data"] == {"a": "1"}


def test_an_unknown_patch_form_is_refused(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map())

    assert patch(api, f"{path}/settings", {}, "x-diff").status_code == 415


@pytest.mark.simulated(reason="a new budget has a status of zeros there")
def test_only_the_status_endpoint_writes_the_status(api: httpx.Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    api.post(path, json=workload(replicas=0))
    eventually(lambda: api.get(f"{path}/web").json().get("status", {}).get("conditions"))
    rule = {"spec": {"minAvailable": 1}, "status": {"currentHealthy": 7}}

    patch(api, f"{path}/web", {"status": {"collisionCount": 7}}, "merge-patch+json")
    budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    made = api.post(budgets, json={"metadata": {"name": "rule"}, **rule}).json()

    assert "collisionCount" not in api.get(f"{path}/web").json()["status"]
    assert "status" not in made


def test_a_finalizer_holds_a_deleted_object(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    document = config_map()
    document["metadata"]["finalizers"] = ["example.org/wait"]
    api.post(path, json=document)

    waiting = api.delete(f"{path}/settings").json()
    patch(api, f"{path}/settings", {"metadata": {"finalizers": None}}, "merge-patch+json")

    assert waiting["metadata"]["deletionTimestamp"]
    assert api.get(f"{path}/settings").status_code == 404


def test_a_failed_precondition_keeps_the_object(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map())

    refused = api.request("DELETE", f"{path}/settings", json={"preconditions": {"uid": "another"}})

    assert refused.status_code == 409
    assert api.get(f"{path}/settings").status_code == 200


def test_a_collection_is_deleted_by_labels(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in ("one", "two", "three"):
        document = config_map(name)
        document["metadata"]["labels"] = {"group": "odd" if name == "three" else "even"}
        api.post(path, json=document)

    api.delete(path, params={"labelSelector": "group=even"})

    names = {item["metadata"]["name"] for item in api.get(path).json()["items"]}
    assert names == {"three", "kube-root-ca.crt"}


def test_pages_hold_everything_once(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for number in range(7):
        api.post(path, json={"metadata": {"name": f"s{number}"}})

    names, following, versions = [], "", set()
    while True:
        page = api.get(path, params={"limit": "3", "continue": following}).json()
        names += [item["metadata"]["name"] for item in page["items"]]
        versions.add(page["metadata"]["resourceVersion"])
        following = page["metadata"].get("continue", "")
        if not following:
            break

    assert names == [f"s{number}" for number in range(7)]
    assert len(versions) == 1


def test_selectors_choose_by_label_and_field(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for name, kind in (("a", "Opaque"), ("b", "example.org/other")):
        api.post(path, json={"metadata": {"name": name, "labels": {"of": name}}, "type": kind})

    def names(**query: str) -> list[str]:
        return [item["metadata"]["name"] for item in api.get(path, params=query).json()["items"]]

    assert names(labelSelector="of in (a, x)") == ["a"]
    assert names(labelSelector="of,of!=a") == ["b"]
    assert names(fieldSelector="type=example.org/other") == ["b"]
    assert names(fieldSelector="metadata.name!=b") == ["a"]
    assert api.get(path, params={"labelSelector": "=="}).status_code == 400
    assert api.get(path, params={"fieldSelector": "data=x"}).status_code == 400


def test_a_wrong_token_learns_nothing(api: httpx.Client) -> None:
    refused = api.get("/api/v1/namespaces", headers={"authorization": "Bearer wrong"})

    assert (refused.status_code, refused.json()["reason"]) == (401, "Unauthorized")


def test_the_clusters_are_separate(api: httpx.Client, namespace: str, simulator: Any) -> None:
    with simulator.http("west") as west:
        assert west.get(f"/api/v1/namespaces/{namespace}").status_code == 404
        assert (
            west.get("/version", headers={"authorization": f"Bearer {simulator.token('east')}"}).status_code
            == 401
        )


def test_hostile_bodies_are_refused_in_words(api: httpx.Client, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    headers = {"content-type": "application/json"}

    for content in (b"{", b"[]", b"null", b'{"metadata": []}', b'{"metadata": {"name": 5}}', b"\xff\xfe"):
        refused = api.post(path, content=content, headers=headers)
        assert refused.status_code in {400, 422}, content
        assert refused.json()["kind"] == "Status"
    assert api.post(path, content=b"x" * (3 * 1024 * 1024 + 1), headers=headers).status_code == 413


@pytest.mark.simulated(reason="it is taken there")
def test_a_document_nested_too_deeply_is_refused(api: httpx.Client, namespace: str) -> None:
    deep = b'{"metadata": ' + b'{"a": ' * 1000 + b"1" + b"}" * 1001
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.post(path, json=config_map())

    refused = api.patch(
        f"{path}/settings", content=deep, headers={"content-type": "application/merge-patch+json"}
    )

    assert refused.status_code == 400
    assert refused.json()["message"] == "the document is nested too deeply"


@pytest.mark.simulated(reason="refused in other words there")
def test_yaml_that_blows_up_is_refused(api: httpx.Client, namespace: str) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    text = "\n".join(["l0: &l0 [x]", *levels])
    headers = {"content-type": "application/apply-patch+yaml"}
    path = f"/api/v1/namespaces/{namespace}/configmaps/bomb"

    refused = api.patch(path, content=text.encode(), headers=headers, params={"fieldManager": "one"})

    assert refused.status_code == 400
    assert "more than 100000 values" in refused.json()["message"]


def test_a_warning_can_not_break_the_header(api: httpx.Client, namespace: str) -> None:
    document = {**config_map(), "odd\r\nset-cookie: x=1 \u2603": 1}

    warned = api.post(
        f"/api/v1/namespaces/{namespace}/configmaps", json=document, params={"fieldValidation": "Warn"}
    )

    assert warned.status_code == 201
    assert "set-cookie" not in warned.headers
    assert "unknown field" in warned.headers["warning"]


def test_the_default_namespace_stays(api: httpx.Client) -> None:
    assert api.delete("/api/v1/namespaces/default").status_code == 403
