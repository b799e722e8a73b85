"""Given an attacker outside of an environment, when they ask for its rows, then they learn not even that they exist.

Source: docs/contract/auth.md, "Visibility scope"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from http_client import Installation

from platz.db import schema
from platz.http.openapi.document import openapi_document
from platz.http.routes import ROUTES
from tests.security.told_answers import NOT_FOUND, told

HIDDEN: dict[str, Callable[[Installation], UUID]] = {
    "envs": lambda api: api.here,
    "env-user-permissions": lambda api: api.insert(
        schema.env_user_permissions, env_id=api.here, user_id=api.new_user(), role="User"
    ),
    "deployment-permissions": lambda api: api.insert(
        schema.deployment_permissions,
        env_id=api.here,
        user_id=api.new_user(),
        kind_id=api.kind,
        role="Owner",
    ),
    "deployments": lambda api: api.new_deployment(),
    "deployment-tasks": lambda api: api.new_task(),
    "deployment-resources": lambda api: api.new_resource(),
    "secrets": lambda api: api.new_secret(),
    "k8s-resources": lambda api: api.new_workload(),
}
"""What belongs to an environment, by its path: a row of the environment that the attacker is outside of."""

QUERIES = {"compare": f"?a={uuid4()}&b={uuid4()}"}
"""What a route needs in its query, by the last part of its path."""

OPERATIONS = [
    (method.upper(), path)
    for path, operations in openapi_document(ROUTES, version="1")["paths"].items()
    for method in operations
    if "{id}" in path
]


def test_given_an_outsider_when_they_use_every_route_then_hidden_and_missing_rows_look_the_same(
    api: Installation, outsider: Any
) -> None:
    walked = set[str]()
    for method, path in OPERATIONS:
        name = path.removeprefix("/api/v2").split("/")[1]
        make = HIDDEN.get(name)
        for body in (
            {},
            {"name": "other"},
            {"config": {}},
            {"delete": True},
            {"revision_id": str(uuid4())},
            None,
        ):
            hidden = make(api) if make else uuid4()
            asked = path.removeprefix("/api/v2") + QUERIES.get(path.rsplit("/", 1)[-1], "")
            answers = [
                outsider.request(method, asked.replace("{id}", str(row)), json=body)
                for row in (hidden, uuid4())
            ]
            there, missing = ((answer.status_code, answer.text) for answer in answers)
            assert there == missing, (method, path, body)
            if make:
                walked.add(name)
                told = json.loads(there[1])["message"]
                assert there[0] == 404 or (there[0] == 400 and "Not found" not in told), (method, path, there)
    assert walked == set(HIDDEN)


def test_the_walk_has_every_change_of_deployments_and_tasks() -> None:
    walked = {path.removeprefix("/api/v2") for method, path in OPERATIONS if method in {"POST", "GET"}}
    assert walked >= {
        *(f"/deployments/{{id}}{action}" for action in ("", "/preview", "/compare", "/rollback")),
        *(f"/deployment-tasks/{{id}}{action}" for action in ("", "/stop", "/retry")),
    }


def new_shop(api: Installation, cluster: UUID) -> dict[str, Any]:
    named = {"kind_id": api.kind, "cluster_id": cluster, "helm_chart_id": api.chart}
    return {"name": api.unique("new"), **{key: str(row) for key, row in named.items()}}


REFERENCES: dict[str, Callable[[Installation, UUID], Any]] = {
    "/deployments": new_shop,
    "/deployments/preview": new_shop,
    "/deployment-tasks": lambda api, row: {
        "deployment_id": str(row),
        "operation": {
            "RestartK8sResource": {"resource_id": str(api.new_workload(name="w")), "resource_name": "w"}
        },
    },
    "/deployment-resources": lambda api, row: {
        "type_id": str(api.new_resource_type()),
        "deployment_id": str(row),
        "name": "spring",
    },
    "/secrets": lambda _api, row: {"env_id": str(row), "collection": "c", "name": "n", "contents": "s"},
    "/env-user-permissions": lambda api, row: {
        "env_id": str(row),
        "user_id": str(api.new_user()),
        "role": "User",
    },
}


NAMED: dict[str, Callable[[Installation], UUID]] = {
    "/deployments": lambda api: api.cluster,
    "/deployments/preview": lambda api: api.cluster,
    "/deployment-tasks": lambda api: api.deployment,
    "/deployment-resources": lambda api: api.deployment,
    "/secrets": lambda api: api.here,
    "/env-user-permissions": lambda api: api.here,
}
"""The hidden row that the body names."""


@pytest.mark.parametrize("path", REFERENCES)
def test_given_an_outsider_when_they_name_a_hidden_row_in_a_body_then_it_looks_missing(
    api: Installation, outsider: Any, path: str
) -> None:
    hidden = NAMED[path](api)
    answers = [outsider.post(path, REFERENCES[path](api, row)) for row in (hidden, uuid4())]
    assert answers[0].status_code in {400, 404}
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json() == answers[1].json()


def test_given_an_outsider_when_a_cluster_has_no_environment_then_its_deployments_look_missing(
    api: Installation,
) -> None:
    stray = api.new_deployment(api.stray_cluster)
    for who in ("owner", "stranger", "deployment"):
        for row in (stray, uuid4()):
            body = {"deployment_id": str(row), "operation": {"Uninstall": {}}}
            answer = api[who].post("/deployment-tasks", body)
            assert told(answer) == NOT_FOUND


def test_given_an_outsider_when_a_token_is_somebody_elses_then_it_looks_missing(api: Installation) -> None:
    token = api.insert(schema.user_tokens, id=uuid4(), user_id=api.id_of("owner"), secret_hash="x")
    for row in (token, uuid4()):
        for answer in (
            api["stranger"].get(f"/user-tokens/{row}"),
            api["stranger"].delete(f"/user-tokens/{row}"),
        ):
            assert told(answer) == NOT_FOUND


def test_given_a_manifest_in_an_annotation_when_a_workload_is_read_then_it_is_left_out(
    api: Installation,
) -> None:
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": '{"kind":"Deployment","env":"hunter2"}',
        "objectset.rio.cattle.io/applied": '{"a": "hunter2"}',
        "example.com/yaml": "apiVersion: v1\nkind: Secret\nhunter2: x",
        "example.com/last-applied-packed": "H4sIhunter2",
        "deployment.kubernetes.io/revision": "3",
    }
    row = api.new_workload(metadata={"name": "web", "labels": {"a": "b"}, "annotations": annotations})
    one = api["user"].get(f"/k8s-resources/{row}")
    listed = api["user"].get("/k8s-resources")
    assert "hunter2" not in one.text + listed.text
    assert one.json()["metadata"] == {
        "name": "web",
        "labels": {"a": "b"},
        "annotations": {"deployment.kubernetes.io/revision": "3"},
    }
    bare = api.new_workload(metadata={"name": "bare"})
    assert api["user"].get(f"/k8s-resources/{bare}").json()["metadata"] == {"name": "bare"}
