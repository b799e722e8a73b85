"""The OpenAPI 3.1 document, derived from the route table.

Invariant: operations are described by the route table alone. Only two things are added here: the schema names that
generated clients know, and what docs/contract/http-api.md, "OpenAPI document" says about single operations.

Source: docs/contract/http-api.md, "OpenAPI document".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from platz.charts.reading.codecs import DEFINITIONS
from platz.http.openapi.chart_schemas import CHART_SCHEMAS
from platz.http.openapi.event_models import EVENT_DOCUMENTS
from platz.http.openapi.models import STANDS_FOR
from platz.http.openapi.task_models import OPERATION_MODELS, JsonDiff
from platz.http.queries import Parameter
from platz.http.route import AnyRoute
from platz.json import JsonObject, JsonValue

BASE = "/api/v2"
REF = "#/components/schemas/"

TAGS = (
    "Authentication",
    "Server",
    "Envs",
    "Env User Permissions",
    "Deployment Permissions",
    "Users",
    "Bots",
    "Bot Tokens",
    "User Tokens",
    "Deployment Kinds",
    "Helm Registries",
    "Helm Charts",
    "Forms",
    "Helm Tag Formats",
    "Overview",
    "Deployments",
    "Deployment Tasks",
    "Deployment Resource Types",
    "Deployment Resources",
    "Kubernetes Clusters",
    "Kubernetes Resources",
    "Secrets",
    "Events",
)

KNOWN_AS = {
    "DeploymentRole": "UserDeploymentRole",
    "RegistryProvider": "HelmRegistryProvider",
    "SyncStatus": "DeploymentResourceSyncStatus",
    "TaskStatus": "DeploymentTaskStatus",
}
"""The schema names that generated clients know, where the class has another name."""

REQUIRED_BUT_NULLABLE = {"NewDeployment": ("config", "values_override"), "CreateUserToken": ("user_id",)}
"""Fields that are declared as required, although the server takes absence as null."""

LISTS_BOTH_SCHEMES = "getServerInfo"
"""Operations that need no credential but list both schemes."""

ACCESS_TOKEN_ONLY_TAG = "Bot Tokens"  # noqa: S105 (the name of a tag)

SECURITY_SCHEMES: JsonObject = {
    "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "user_token": {"type": "apiKey", "in": "header", "name": "x-platz-token"},
}

ERROR: JsonObject = {
    "type": "object",
    "description": "What every error answers.",
    "required": ["message"],
    "properties": {
        "message": {"type": "string"},
        "error": {
            "type": "string",
            "description": "The message again, where older clients look for it here.",
        },
    },
}


def openapi_document(routes: Sequence[AnyRoute], *, version: str) -> JsonObject:
    """Describe the routes that have an operation id; ``version`` is the release."""
    told = [route for route in routes if route.operation_id is not None]
    paths: dict[str, JsonValue] = {}
    for route in told:
        path = cast("JsonObject", paths.setdefault(f"{BASE}{route.path}", {}))
        path[route.method.lower()] = _operation(route)
    return _with_known_names(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "platz-api",
                "version": version,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "tags": [{"name": tag} for tag in TAGS],
            "paths": paths,
            "components": {"securitySchemes": SECURITY_SCHEMES, "schemas": _schemas(told)},
        }
    )


def _operation(route: AnyRoute) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"Who may: {route.permission.value}.",
        "security": _security(route),
        "responses": _responses(route),
    }
    parameters = [*_path_parameters(route), *(_query_parameter(known) for known in route.parameters)]
    if parameters:
        operation["parameters"] = parameters
    if route.request is not None:
        operation["requestBody"] = {
            "required": route.body_required,
            "content": {"application/json": {"schema": {"$ref": REF + route.request.__name__}}},
        }
    return operation


def _security(route: AnyRoute) -> list[JsonValue]:
    if not route.authenticated and route.operation_id != LISTS_BOTH_SCHEMES:
        return []
    if route.tag == ACCESS_TOKEN_ONLY_TAG:
        return [{"access_token": []}]
    return [{"access_token": []}, {"user_token": []}]


def _path_parameters(route: AnyRoute) -> list[JsonValue]:
    if "{id}" not in route.path:
        return []
    return [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}]


def _query_parameter(known: Parameter) -> JsonValue:
    word, text_format = known.kind.value
    schema: JsonObject = {"type": word}
    if text_format is not None:
        schema["format"] = text_format
    if known.minimum is not None:
        schema["minimum"] = known.minimum
    return {"name": known.name, "in": "query", "description": known.meaning, "schema": schema}


def _responses(route: AnyRoute) -> JsonObject:
    answers: JsonObject = {str(route.success): _success(route)}
    for status in sorted(_refusals(route)):
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": {"$ref": REF + "Error"}}},
        }
    return answers


def _success(route: AnyRoute) -> JsonObject:
    described: JsonObject = {"description": HTTPStatus(route.success).phrase}
    if route.response is not None:
        item: JsonObject = {"$ref": REF + route.response.__name__}
        described["content"] = {"application/json": {"schema": _page_of(item) if route.paginated else item}}
    return described


def _page_of(item: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "required": ["page", "per_page", "items", "num_total"],
        "properties": {
            "page": {"type": "integer"},
            "per_page": {"type": "integer"},
            "items": {"type": "array", "items": item},
            "num_total": {"type": "integer"},
        },
    }


def _refusals(route: AnyRoute) -> set[int]:
    statuses = {*route.errors, 429, 503}
    if route.authenticated:
        statuses |= {401, 403}
    if "{id}" in route.path:
        statuses.add(404)
    if route.request is not None:
        statuses |= {400, 408}
    return statuses


def _schemas(routes: Iterable[AnyRoute]) -> JsonObject:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for route in routes:
        if route.request is not None:
            models[route.request, "validation"] = None
        if route.response is not None:
            models[route.response, "serialization"] = None
    described = (*OPERATION_MODELS.values(), *EVENT_DOCUMENTS, JsonDiff)
    models.update(dict.fromkeys((model, "serialization") for model in described))
    _, made = models_json_schema(list(models), ref_template=REF + "{model}")
    schemas = cast("dict[str, Any]", made["$defs"])  # Any: JSON schema
    for name, schema in schemas.items():
        _without_titles(schema)
        schema["required"] = [*schema.get("required", ()), *REQUIRED_BUT_NULLABLE.get(name, ())]
        if not schema["required"]:
            del schema["required"]
    schemas["Error"] = ERROR
    schemas["DeploymentTaskOperation"] = _task_operation()
    return dict(sorted({**CHART_SCHEMAS, **schemas}.items()))


def _task_operation() -> JsonObject:
    return {
        "description": "An object with exactly one key, the operation's name.",
        "oneOf": [
            {
                "type": "object",
                "required": [name],
                "properties": {name: {"$ref": REF + model.__name__}},
                "additionalProperties": False,
            }
            for name, model in OPERATION_MODELS.items()
        ],
    }


def _without_titles(schema: Any) -> None:  # Any: JSON schema
    match schema:
        case dict():
            members = cast("dict[str, Any]", schema)
            if isinstance(members.get("title"), str):
                del members["title"]
            for member in members.values():
                _without_titles(member)
        case list():
            for member in cast("list[Any]", schema):
                _without_titles(member)
        case _:
            pass


def _with_known_names(document: JsonObject) -> JsonObject:
    text = json.dumps(document).replace(f'{{"{STANDS_FOR}": "', f'{{"$ref": "{REF}').replace(DEFINITIONS, REF)
    for name, known in KNOWN_AS.items():
        text = text.replace(f'"{REF}{name}"', f'"{REF}{known}"').replace(f'"{name}": {{', f'"{known}": {{')
    return cast("JsonObject", json.loads(text))
