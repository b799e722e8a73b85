"""`POST /helm-charts/{id}/form` and its like: the server evaluates forms for those who fill them in."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

from http_client import Installation

FORM = {
    "inputs": [
        {"id": "size", "type": "text", "label": "Size", "required": True},
        {
            "id": "more",
            "type": "number",
            "label": "More",
            "minimum": 1,
            "showIf": {"==": [{"var": "size"}, "large"]},
        },
    ],
    "outputs": {"values": []},
}


def give(api: Installation, column: str, document: object) -> UUID:
    api.execute(
        f"update helm_charts set {column} = cast(:document as jsonb) where id = :id",
        document=json.dumps(document),
        id=api.chart,
    )
    return api.chart


def test_a_charts_form_is_evaluated(api: Installation) -> None:
    chart = give(api, "values_ui", FORM)
    ask = lambda config: api["user"].post(f"/helm-charts/{chart}/form", json={"config": config})  # noqa: E731
    assert ask({}).json() == {"visible": ["size"], "problems": {"size": "Enter a value."}}
    assert ask({"size": "large", "more": 0}).json() == {
        "visible": ["size", "more"],
        "problems": {"more": "At least 1."},
    }


def test_a_chart_without_a_form_asks_nothing(api: Installation) -> None:
    api.execute("update helm_charts set values_ui = null where id = :id", id=api.chart)
    answer = api["user"].post(f"/helm-charts/{api.chart}/form", json={"config": {"a": 1}})
    assert answer.json() == {"visible": [], "problems": {}}


def test_an_actions_form_is_evaluated(api: Installation) -> None:
    action = {
        "id": "restock",
        "title": "Restock",
        "description": "More",
        "allowed_role": "Maintainer",
        "endpoint": "standard_ingress",
        "path": "/restock",
        "method": "POST",
        "ui_schema": FORM,
    }
    chart = give(api, "actions_schema", {"schema_version": 0, "actions": [action]})
    body = {"config": {"size": "large"}, "action_id": "restock"}
    assert api["user"].post(f"/helm-charts/{chart}/form", json=body).json()["visible"] == ["size", "more"]
    gone = api["user"].post(f"/helm-charts/{chart}/form", json={**body, "action_id": "other"})
    assert gone.status_code == 404


def test_a_resource_types_form_is_evaluated(api: Installation) -> None:
    kind = api.new_resource_type(api.here)
    spec = {
        "name_singular": "Database",
        "name_plural": "Databases",
        "fontawesome_icon": "database",
        "values_ui": FORM,
    }
    api.execute(
        "update deployment_resource_types set spec = spec || cast(:spec as jsonb) where id = :id",
        spec=json.dumps(spec),
        id=kind,
    )
    answer = api["user"].post(f"/deployment-resource-types/{kind}/form", json={"config": {"size": "small"}})
    assert answer.json() == {"visible": ["size"], "problems": {}}


def test_what_can_not_be_evaluated_is_refused(api: Installation) -> None:
    assert api["user"].post(f"/helm-charts/{uuid4()}/form", json={"config": {}}).status_code == 404
    assert (
        api["user"].post(f"/deployment-resource-types/{uuid4()}/form", json={"config": {}}).status_code == 404
    )
    assert api["user"].post(f"/helm-charts/{api.chart}/form", json={"config": []}).status_code == 400
    broken = give(api, "values_ui", {"inputs": [{"id": "a"}], "outputs": {"values": []}})
    assert api["user"].post(f"/helm-charts/{broken}/form", json={"config": {}}).status_code == 409


def test_a_hostile_condition_costs_a_bounded_effort(api: Installation) -> None:
    rule: object = 1
    for _ in range(200):
        rule = {"+": [rule, rule]}
        if len(json.dumps(rule)) > 50_000:
            break
    chart = give(
        api, "values_ui", {"inputs": [{**FORM["inputs"][0], "showIf": rule}], "outputs": {"values": []}}
    )
    answer = api["user"].post(f"/helm-charts/{chart}/form", json={"config": {}})
    assert answer.json() == {"visible": [], "problems": {}}
