"""The shape of every object, to the letter of docs/contract/http-api.md, "Routes in detail", in lists and in
detail reads alike."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from http_client import Installation, new_chart
from jsonschema import Draft202012Validator

from platz.db import schema
from platz.db.lists import catalogue
from platz.db.lists.reading import Collection
from platz.http.openapi.document import openapi_document
from platz.http.routes import ROUTES

KEYS = {
    "/envs": "id created_at name node_selector tolerations auto_add_new_users",
    "/env-user-permissions": "id created_at env_id user_id role",
    "/deployment-permissions": "id created_at env_id user_id kind_id role",
    "/users": "id created_at display_name email is_admin is_active",
    "/bots": "id created_at display_name",
    "/deployment-kinds": "id created_at name",
    "/helm-registries": "id created_at domain_name repo_name kind_id available fa_icon provider",
    "/helm-charts": "id helm_registry_id created_at image_digest image_tag available values_ui actions_schema features"
    " resource_types error warnings tag_format_id parsed_version parsed_revision parsed_branch parsed_commit",
    "/helm-tag-formats": "id created_at pattern",
    "/deployments": "id created_at name kind_id cluster_id enabled status description_md reason revision_id"
    " reported_status helm_chart_id config values_override",
    "/deployment-tasks": "id created_at execute_at first_attempted_at started_at finished_at cluster_id deployment_id"
    " acting_user_id acting_bot_id acting_deployment_id canceled_by_user_id canceled_by_bot_id"
    " canceled_by_deployment_id operation status reason repeats",
    "/deployment-resource-types": "id created_at env_id deployment_kind_id key spec",
    "/deployment-resources": "id type_id created_at deployment_id name exists props sync_status sync_reason",
    "/bot-tokens": "id bot_id created_at created_by_user_id",
    "/user-tokens": "id user_id created_at",
    "/k8s-clusters": "id env_id provider_id created_at last_seen_at name region_name is_ok not_ok_reason ignore"
    " ingress_domain ingress_class ingress_tls_secret_name grafana_url grafana_datasource_name",
    "/k8s-resources": "id last_updated_at cluster_id deployment_id kind api_version name status_color metadata",
    "/secrets": "id created_at updated_at env_id collection name",
}

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def token_of(api: Installation, table: Any, **columns: Any) -> UUID:
    return api.insert(table, id=UUID(int=next(api.numbers)), secret_hash="hash", **columns)


ROWS: dict[str, Callable[[Installation], UUID]] = {
    "/envs": lambda api: api.here,
    "/env-user-permissions": lambda api: api.insert(
        schema.env_user_permissions, env_id=api.here, user_id=api.new_user(), role="Admin"
    ),
    "/deployment-permissions": lambda api: api.insert(
        schema.deployment_permissions,
        env_id=api.here,
        user_id=api.new_user(),
        kind_id=api.kind,
        role="Owner",
    ),
    "/users": lambda api: api.id_of("owner"),
    "/bots": lambda api: api.id_of("bot"),
    "/deployment-kinds": lambda api: api.kind,
    "/helm-registries": lambda api: api.registry,
    "/helm-charts": lambda api: api.chart,
    "/helm-tag-formats": lambda api: api.insert(schema.helm_tag_formats, pattern="^v"),
    "/deployments": lambda api: api.deployment,
    "/deployment-tasks": lambda api: api.new_task(),
    "/deployment-resource-types": lambda api: api.new_resource_type(api.here),
    "/deployment-resources": lambda api: api.new_resource(),
    "/bot-tokens": lambda api: token_of(
        api, schema.bot_tokens, bot_id=api.id_of("bot"), created_by_user_id=api.id_of("site")
    ),
    "/user-tokens": lambda api: token_of(api, schema.user_tokens, user_id=api.id_of("site")),
    "/k8s-clusters": lambda api: api.cluster,
    "/k8s-resources": lambda api: api.new_workload(),
    "/secrets": lambda api: api.new_secret(),
}


@pytest.mark.parametrize("path", KEYS)
def test_lists_and_details_show_exactly_the_documented_keys(api: Installation, path: str) -> None:
    row = str(ROWS[path](api))

    detail = api["site"].get(f"{path}/{row}")
    [listed] = [item for item in api["site"].items(path) if item["id"] == row]

    assert detail.status_code == 200, detail.text
    assert detail.headers["content-type"] == "application/json"
    assert sorted(detail.json()) == sorted(KEYS[path].split())
    assert detail.json() == listed
    assert b'"id"' in detail.content


@pytest.mark.parametrize("path", KEYS)
def test_every_moment_has_six_digits_and_a_z(api: Installation, path: str) -> None:
    row = str(ROWS[path](api))
    table = path.removeprefix("/").replace("-", "_")
    if "created_at" in KEYS[path]:
        api.execute(
            f"update {table} set created_at = '2024-03-09 13:34:56+01' where id = :id",
            id=row,
        )

    shown = api["site"].get(f"{path}/{row}").json()

    for key, value in shown.items():
        if key.endswith("_at") and value is not None:
            assert MOMENT.fullmatch(value), (key, value)
    if "created_at" in KEYS[path]:
        assert shown["created_at"] == "2024-03-09T12:34:56.000000Z"


@pytest.mark.parametrize("path", KEYS)
def test_rows_fit_their_documented_model(api: Installation, path: str) -> None:
    document = openapi_document(ROUTES, version="1")
    described = document["paths"][f"/api/v2{path}/{{id}}"]["get"]["responses"]["200"]
    described = described["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**described, "components": document["components"]})

    shown = api["site"].get(f"{path}/{ROWS[path](api)}").json()

    validator.validate(shown)


def all_collections() -> list[tuple[str, Collection]]:
    found = vars(catalogue).items()
    return [(name, value) for name, value in found if isinstance(value, Collection)]


@pytest.mark.parametrize(("name", "collection"), all_collections(), ids=lambda value: str(value)[:30])
def test_secret_columns_are_hidden(name: str, collection: Collection) -> None:
    assert not {"secret_hash", "contents", "claimed_by"} & {column.name for column in collection.shown}, name


def test_documents_leave_as_they_are_stored(api: Installation) -> None:
    reported = {
        "timestamp": "2024-03-09T12:34:56.123456Z",
        "get_successful": True,
        "content": {
            "status": {"name": "Healthy", "color": "success"},
            "primary_metric": {
                "value": "12.50",
                "unit": "req/s",
                "short_description": "Traffic",
                "color": None,
            },
            "metrics": None,
            "notices": [],
        },
        "error": None,
    }
    config = {"ünïcode": '☃ " \\ \n', "deep": [[{"a": None}]], "big": 123456789012345678901234567890}
    deployment = api.new_deployment(reported_status=reported, config=config)

    shown = api["user"].get(f"/deployments/{deployment}").json()

    assert shown["reported_status"] == reported
    assert shown["config"] == config


def test_an_input_without_an_initial_value_lacks_the_key(api: Installation) -> None:
    telling = ', "initialValue": null}'
    inputs = [
        {"id": "a", "type": "Checkbox", "label": telling, "initialValue": None, "helpText": None},
        {"id": "b", "type": "Checkbox", "label": "B", "initialValue": False},
    ]
    form = {"inputs": inputs, "outputs": {"values": [], "secrets": {}}}
    shown_form = {**form, "inputs": [{k: v for k, v in inputs[0].items() if k != "initialValue"}, inputs[1]]}
    action = {"apiVersion": "platz.io/v1beta1", "kind": "Action", "spec": {"id": "go", "ui_schema": form}}
    kind = {"apiVersion": "platz.io/v1beta1", "kind": "ResourceType", "key": "k", "spec": {"values_ui": form}}
    api.execute(
        "update helm_charts set values_ui = cast(:form as jsonb), actions_schema = cast(:actions as jsonb),"
        " resource_types = cast(:types as jsonb) where id = :id",
        form=json.dumps(form),
        actions=json.dumps([action]),
        types=json.dumps([kind]),
        id=api.chart,
    )

    chart = api["user"].get(f"/helm-charts/{api.chart}").json()
    [listed] = [one for one in api["user"].get("/helm-charts").json()["items"] if one["id"] == str(api.chart)]

    assert chart == listed
    assert chart["values_ui"] == shown_form
    assert chart["actions_schema"][0]["spec"]["ui_schema"] == shown_form
    assert chart["resource_types"][0]["spec"]["values_ui"] == shown_form


def test_a_chart_without_documents_shows_null(api: Installation) -> None:
    api.execute("update helm_charts set values_ui = null, actions_schema = null where id = :id", id=api.chart)
    chart = api["user"].get(f"/helm-charts/{api.chart}").json()
    assert (chart["values_ui"], chart["actions_schema"]) == (None, None)


def test_sensitive_props_never_leave(api: Installation) -> None:
    inputs = [
        {"id": "password", "type": "text", "label": "P", "sensitive": True, "required": False},
        {"id": "color", "type": "text", "label": "C", "sensitive": False, "required": False},
    ]
    values_ui = {"inputs": inputs, "outputs": {"values": [], "secrets": {}}}
    resource_type = api.new_resource_type(values_ui=values_ui)
    body = {
        "type_id": str(resource_type),
        "deployment_id": str(api.deployment),
        "name": "spring",
        "props": {"password": "hunter2", "color": "red"},
    }

    made = api["owner"].post("/deployment-resources", body)
    changed = api["owner"].put(f"/deployment-resources/{made.json()['id']}", {"props": {"color": "blue"}})
    read = api["owner"].get(f"/deployment-resources/{made.json()['id']}")
    listed = api["owner"].get("/deployment-resources")

    assert made.json()["props"] == {"color": "red"}
    assert changed.json()["props"] == read.json()["props"] == {"color": "blue"}
    assert all("hunter2" not in answer.text for answer in (made, changed, read, listed))
    stored = api.scalar("select props::text from deployment_resources where name = 'spring'")
    assert "password" in stored
    assert "hunter2" not in stored


def test_the_answer_to_a_resource_update_shows_the_status_from_before(api: Installation) -> None:
    resource = api.new_resource()

    changed = api["owner"].put(f"/deployment-resources/{resource}", {"name": "renamed"}).json()

    assert (changed["name"], changed["sync_status"]) == ("renamed", "Ready")
    assert api["owner"].get(f"/deployment-resources/{resource}").json()["sync_status"] == "Updating"


def test_the_answer_to_an_update_of_a_failed_resource_still_says_why_it_failed(api: Installation) -> None:
    resource = api.new_resource(sync_status="Error", sync_reason="no such shop")

    changed = api["owner"].put(f"/deployment-resources/{resource}", {"name": "renamed"}).json()
    read = api["owner"].get(f"/deployment-resources/{resource}").json()

    assert (changed["sync_status"], changed["sync_reason"]) == ("Error", "no such shop")
    assert (read["sync_status"], read["sync_reason"]) == ("Updating", None)


def test_a_task_shows_who_canceled_it(api: Installation) -> None:
    task = api.new_task()

    answer = api["bot"].request("DELETE", f"/deployment-tasks/{task}", json={"reason": "not today"}).json()

    assert answer["status"] == "Canceled"
    assert answer["reason"] == "not today"
    assert answer["canceled_by_bot_id"] == str(api.id_of("bot"))
    assert answer["acting_user_id"] == str(api.id_of("site"))
    assert datetime.fromisoformat(answer["finished_at"]) <= datetime.now(UTC)


def test_sensitive_inputs_are_encrypted_at_rest_and_plain_in_answers(api: Installation) -> None:
    inputs = [{"id": "password", "type": "text", "label": "P", "required": False, "sensitive": True}]
    values_ui = {"inputs": inputs, "outputs": {"values": [], "secrets": {}}}
    chart = new_chart(api, "2.0.0", values_ui=values_ui)
    body = {
        "name": "secretive",
        "kind_id": str(api.kind),
        "cluster_id": str(api.cluster),
        "helm_chart_id": str(chart),
        "config": {"password": 'hunt"er2'},
    }

    made = api["owner"].post("/deployments", body).json()
    read = api["owner"].get(f"/deployments/{made['id']}").json()
    [task] = api["owner"].items("/deployment-tasks", params={"deployment_id": made["id"]})

    assert made["config"] == read["config"] == {"password": 'hunt"er2'}
    assert task["operation"]["Install"]["config_inputs"] == {"password": 'hunt"er2'}
    stored = "select string_agg(row::text, '') from (select config::text, '' from deployments union all"
    assert "hunt" not in api.scalar(f"{stored} select operation::text, '' from deployment_tasks) row")
