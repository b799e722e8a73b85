"""Requests made up from the OpenAPI document, valid and not: never a 5xx, never an answer that is not documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from http_client import BASE, Installation, installation, new_chart
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from platz.db import schema as tables
from platz.db.database import Database
from platz.http.openapi.document import openapi_document
from platz.http.routes import ROUTES

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CREDENTIALS = {"authorization", "x-platz-token"}
NEEDS_THE_PROVIDER = {"startGoogleLogin"}
REFERENCES = {
    "env_id": "envs",
    "user_id": "users",
    "bot_id": "bots",
    "kind_id": "deployment-kinds",
    "cluster_id": "k8s-clusters",
    "deployment_id": "deployments",
    "helm_chart_id": "helm-charts",
    "type_id": "deployment-resource-types",
}
OPERATIONS = [
    route.operation_id
    for route in ROUTES
    if route.operation_id and route.operation_id not in NEEDS_THE_PROVIDER
]
DOCUMENT = schemathesis.openapi.from_dict(openapi_document(ROUTES, version="1"))


@pytest.fixture(scope="module")
def api(postgres: Any) -> Iterator[Installation]:
    """One installation for all operations: whatever they do to it must not matter."""
    from database import QUICK, TEMPLATE

    database = Database(postgres.create("made_up", template=TEMPLATE), QUICK, application_name="tests")
    with installation(database) as made:
        yield made
    database.close()
    postgres.drop("made_up")


def rows(api: Installation) -> dict[str, UUID]:
    """A row of each collection that requests may be about."""
    tag = api.unique("tag")
    return {
        "envs": api.insert(tables.envs, name=api.unique("env")),
        "users": api.new_user(),
        "bots": api.insert(tables.bots, display_name="b"),
        "deployment-kinds": api.insert(tables.deployment_kinds, name=api.unique("Kind")),
        "helm-charts": new_chart(api, tag),
        "helm-registries": api.registry,
        "deployments": api.new_deployment(),
        "deployment-tasks": api.new_task(),
        "deployment-resources": api.new_resource(),
        "deployment-resource-types": api.new_resource_type(),
        "k8s-clusters": api.new_cluster(),
        "k8s-resources": api.new_workload(),
        "secrets": api.new_secret(),
    }


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_made_up_requests_get_documented_answers(api: Installation, operation_id: str) -> None:
    operation = DOCUMENT.find_operation_by_id(operation_id)
    present = rows(api)
    existing = present.get(operation.path.split("/")[3])
    kinds = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=kind) for kind in kinds])

    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, use_existing=st.booleans())
    def try_one(case: Any, use_existing: bool) -> None:
        if use_existing and existing and case.path_parameters:
            case.path_parameters["id"] = str(existing)
        if use_existing and isinstance(case.body, dict):
            known = {key: str(present[table]) for key, table in REFERENCES.items() if key in case.body}
            case.body.update(known)
        sent = case.as_transport_kwargs(base_url=BASE.removesuffix("/api/v2"))
        answer = api.portal.call(lambda: api.client.request(**as_httpx(sent, api["site"].headers)))
        case.validate_response(answer, checks=CHECKS)

    try_one()


def as_httpx(sent: dict[str, Any], credential: Any) -> dict[str, Any]:
    """What schemathesis would give to requests, in httpx's words."""
    body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
    made_up = {
        name: value
        for name, value in dict(sent.get("headers") or {}).items()
        if name.lower() not in CREDENTIALS and str(value).isascii()
    }
    return {
        "method": sent["method"],
        "url": sent["url"],
        "params": sent.get("params"),
        "headers": {**made_up, **credential},
        **{name: value for name, value in body.items() if isinstance(value, bytes | str) or name == "json"},
    }
