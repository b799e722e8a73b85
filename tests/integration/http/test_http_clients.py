"""What the published clients do, as docs/contract/http-api.md, "Client compatibility" tells, against the routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from http_client import Caller, Installation

FIRST_LOAD = (
    "/users", "/bots", "/envs", "/env-user-permissions", "/secrets", "/helm-registries",
    "/helm-charts?in_use=true", "/helm-tag-formats", "/k8s-clusters", "/k8s-resources", "/deployment-kinds",
    "/deployment-tasks?deployment_id=123e4567-e89b-12d3-a456-426614174000", "/deployment-permissions",
    "/deployment-resource-types", "/deployment-resources", "/deployments",
)  # fmt: skip


def all_pages(caller: Caller, path: str) -> list[Any]:
    """Walk a list as both clients do: by `page`, until the pages that the envelope tells of are there."""
    items: list[Any] = []
    page = 1
    while True:
        joint = "&" if "?" in path else "?"
        answer = caller.get(f"{path}{joint}page={page}")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["items"]
        if page >= -(-body["num_total"] // body["per_page"]):
            return items
        page += 1


@pytest.mark.parametrize("name", ["stranger", "user", "admin", "maintainer", "owner", "site"])
def test_the_frontend_starts_for_every_user(api: Installation, name: str) -> None:
    assert set(api[name].get("/auth/me").json()) == {"User"}
    loaded = {path: all_pages(api[name], path) for path in FIRST_LOAD}
    assert len(loaded["/users"]) == 6
    assert loaded["/helm-charts?in_use=true"]
    assert loaded[FIRST_LOAD[11]] == []


def test_the_frontend_is_sent_to_its_login_page_by_a_401_only(api: Installation) -> None:
    assert api["anonymous"].get("/auth/me").status_code == 401
    assert "www-authenticate" not in api["anonymous"].get("/auth/me").headers


def test_the_frontend_s_edits_send_the_whole_deployment(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    whole = api["owner"].get(path).json()
    edited = whole | {"config": {"size": "large"}, "unknown_field": True}
    answer = api["maintainer"].put(path, edited)
    assert answer.json() == whole | {"config": {"size": "large"}}
    tasks = api["owner"].items(
        "/deployment-tasks", params={"deployment_id": str(api.deployment), "per_page": "10"}
    )
    assert [next(iter(task["operation"])) for task in tasks] == ["Upgrade"]
    assert tasks[0]["operation"]["Upgrade"]["config_delta"] == {"size": [None, "large"]}


def test_the_frontend_s_switches_send_one_field(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    assert api["owner"].put(path, {"enabled": False}).json()["enabled"] is False
    assert api["owner"].put(path, {"description_md": ""}).json()["description_md"] == ""
    assert api["owner"].put(path, {"enabled": True}).json()["enabled"] is True


def test_the_frontend_s_forms_leave_out_what_is_empty(api: Installation) -> None:
    api.execute(
        """update helm_charts set features = '{"standard_ingress": true, "cardinality": "OnePerCluster"}'"""
    )
    ids = {"kind_id": api.kind, "cluster_id": api.cluster, "helm_chart_id": api.chart}
    made = api["owner"].post("/deployments", {key: str(value) for key, value in ids.items()})
    assert (made.json()["name"], made.json()["config"]) == ("", {})
    resource = {
        "type_id": str(api.new_resource_type()),
        "deployment_id": str(api.deployment),
        "name": "spring",
    }
    assert api["owner"].post("/deployment-resources", resource).json()["props"] == {}
    assert api["owner"].post("/user-tokens", {"user_id": None}).status_code == 201


def test_the_frontend_s_environment_form_clears_a_cluster_s_environment(api: Installation) -> None:
    cluster = api.new_cluster(api.here)
    assert api["site"].put(f"/k8s-clusters/{cluster}", {"env_id": None}).json()["env_id"] is None


def test_every_error_has_the_text_that_the_frontend_prints(api: Installation) -> None:
    for answer in (
        api["anonymous"].get("/envs"),
        api["user"].post("/envs", {"name": "x"}),
        api["user"].get(f"/envs/{uuid4()}"),
        api["site"].post("/envs", {}),
        api["site"].delete(f"/envs/{api.here}"),
    ):
        assert not answer.is_success
        assert isinstance(answer.json()["message"], str)


def test_the_sdk_s_update_sends_null_for_what_is_not_set(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    before = api["bot"].get(path).json()
    update = {
        "name": None, "description_md": None, "cluster_id": None, "enabled": None, "helm_chart_id": str(api.next_chart),
        "config": None, "values_override": None,
    }  # fmt: skip
    assert api["bot"].put(path, update).json() == before | {"helm_chart_id": str(api.next_chart)}
    [task] = api["bot"].items("/deployment-tasks")
    assert task["acting_bot_id"] == str(api.id_of("bot"))


def test_the_sdk_asks_for_the_last_task_and_for_tasks_since_a_moment(api: Installation) -> None:
    deployment = str(api.deployment)
    newest = api.new_task(execute_at=datetime.now(UTC) + timedelta(days=9))
    api.new_task()
    last = api["bot"].get(f"/deployment-tasks?deployment_id={deployment}&page=1&page_size=1").json()
    assert [task["id"] for task in last["items"]] == [str(newest)]
    since = {"created_from": "2024-03-09 12:34:56.123456 UTC", "active_only": "true", "show_future": "false"}
    assert api["bot"].items("/deployment-tasks", params=since) == []


def test_the_sdk_cancels_with_a_body_and_parses_the_task(api: Installation) -> None:
    task = api.new_task()
    answer = api["bot"].request("DELETE", f"/deployment-tasks/{task}", json={"reason": None})
    assert (answer.status_code, answer.json()["status"]) == (200, "Canceled")


def test_the_sdk_parses_json_from_every_post_and_put(api: Installation) -> None:
    for answer in (
        api["site"].put(f"/users/{api.new_user()}", {"is_admin": None, "is_active": None}),
        api["site"].put(f"/bots/{api.id_of('bot')}", {"display_name": None}),
        api["site"].put(f"/helm-registry/{api.registry}", {"fa_icon": None}),
        api["site"].put(f"/envs/{api.here}", {"name": None, "auto_add_new_users": None}),
        api["site"].post("/bots", {"display_name": "b"}),
    ):
        assert answer.is_success
        assert answer.json()["id"]


def test_the_sdk_s_filters_that_are_not_known_filter_nothing(api: Installation) -> None:
    api.new_workload()
    assert len(api["bot"].items("/k8s-resources", params={"kind_id": str(api.kind)})) == 1


def test_the_document_and_its_page_are_open_to_everyone(api: Installation) -> None:
    document = api["anonymous"].get("/openapi.json")
    page = api["anonymous"].get("/docs")
    assert document.json()["info"]["version"] == "v1.2.3"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "createDeployment" in page.text
