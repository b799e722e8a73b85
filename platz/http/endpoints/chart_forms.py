"""The forms of charts, of their actions and of resource types, evaluated for a person's answers.

Source: docs/contract/http-api.md, "Forms".
"""

from __future__ import annotations

from typing import cast

from platz.charts.documents.actions import find_action
from platz.charts.documents.resource_types import parse_resource_spec
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.reading.problems import InvalidDocument
from platz.charts.rendering.form_answers import form_state
from platz.db.tables import charts, deployment_resource_types
from platz.db.tables.deployment_resource_types import ResourceTypeId
from platz.errors import Conflict, NotFound
from platz.http.openapi.models import Document, JsonMap
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import ChartId
from platz.json import JsonObject


class FormAnswers(RequestBody):
    """The answers of a form; ``action_id`` names an action of the chart, whose form it then is."""

    config: JsonMap
    action_id: str | None = None


class ResourceFormAnswers(RequestBody):
    """The answers of a resource type's form."""

    config: JsonMap


class FormState(Document):
    """The ids of the visible inputs, and a sentence for each answer that should be mended, by the input's id."""

    visible: list[str]
    problems: dict[str, str]


def of_chart(request: ApiRequest[FormAnswers]) -> ApiResponse:
    """Evaluate the form of a chart, or of one of its actions."""
    with request.database.reading() as connection:
        chart = charts.get(connection, ChartId(request.path_id))
    if chart is None:
        raise NotFound
    try:
        if request.body.action_id is not None:
            schema = find_action(chart.actions_schema, request.body.action_id).ui_schema
        else:
            schema = None if chart.values_ui is None else parse_ui_schema(chart.values_ui)
    except InvalidDocument as error:
        raise Conflict(error.message) from error
    return _state(schema, request.body.config)


def of_resource_type(request: ApiRequest[ResourceFormAnswers]) -> ApiResponse:
    """Evaluate the form of a resource type."""
    with request.database.reading() as connection:
        found = deployment_resource_types.get(connection, ResourceTypeId(request.path_id))
    if found is None:
        raise NotFound
    if request.scope.confined and found.env_id is not None:
        request.scope.require(found.env_id)
    try:
        schema = parse_resource_spec(found.spec).values_ui
    except InvalidDocument as error:
        raise Conflict(error.message) from error
    return _state(schema, request.body.config)


def _state(schema: UiSchema | None, answers: JsonObject) -> ApiResponse:
    if schema is None:
        return answer_json({"visible": [], "problems": {}})
    state = form_state(schema, answers)
    return answer_json({"visible": list(state.visible), "problems": cast("JsonObject", dict(state.problems))})


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/helm-charts/{id}/form",
        operation_id="evaluateHelmChartForm",
        tag="Forms",
        summary="Evaluate the form of a chart or of its action",
        handler=of_chart,
        permission=Permission.SIGNED_IN,
        request=FormAnswers,
        response=FormState,
        errors=(404, 409),
    ),
    Route(
        method="POST",
        path="/deployment-resource-types/{id}/form",
        operation_id="evaluateResourceTypeForm",
        tag="Forms",
        summary="Evaluate the form of a resource type",
        handler=of_resource_type,
        permission=Permission.SIGNED_IN,
        request=ResourceFormAnswers,
        response=FormState,
        errors=(404, 409),
    ),
)
