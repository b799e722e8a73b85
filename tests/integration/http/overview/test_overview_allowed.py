"""What is told under `allowed` is what a call answers, for every change and every identity.

Source: docs/contract/http-api.md, "What the caller may change".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest
from http_client import IDENTITIES, Installation, new_chart

from platz.access.allowed import CHECKS
from platz.db import schema
from platz.http.endpoints.overview.allowed_answers import AllowedOnRow, ChangeVerdict

ACTIONS = {"open": "Maintainer", "closed": "Owner"}
PEOPLE = [name for name in IDENTITIES if name != "anonymous"]


def with_actions(api: Installation) -> UUID:
    """A running deployment whose chart has an action for maintainers and one for owners."""
    actions: list[dict[str, Any]] = [
        {
            "id": action,
            "allowed_role": role,
            "allowed_on_statuses": [],
            "endpoint": "standard_ingress",
            "path": f"/{action}",
            "method": "POST",
            "title": action,
            "fontawesome_icon": None,
            "description": "",
            "dangerous": False,
            "ui_schema": None,
        }
        for action, role in ACTIONS.items()
    ]
    chart = new_chart(api, api.unique("4.0"), actions_schema={"schema_version": 0, "actions": actions})
    return api.new_deployment(helm_chart_id=chart)


def task(api: Installation, name: str, deployment: UUID, operation: dict[str, Any]) -> httpx.Response:
    body = {"deployment_id": str(deployment), "operation": operation}
    return api[name].post("/deployment-tasks", body)


def restart(api: Installation, name: str, deployment: UUID) -> httpx.Response:
    workload = api.new_workload(deployment, name="web")
    operation = {"resource_id": str(workload), "resource_name": "web"}
    return task(api, name, deployment, {"RestartK8sResource": operation})


def roll_back(api: Installation, name: str, deployment: UUID) -> httpx.Response:
    return api[name].post(f"/deployments/{deployment}/rollback", {"revision_id": str(UUID(int=1))})


def invoke(action: str) -> Callable[[Installation, str, UUID], httpx.Response]:
    def call(api: Installation, name: str, deployment: UUID) -> httpx.Response:
        chart = api.scalar("select helm_chart_id from deployments where id = :id", id=deployment)
        invocation: dict[str, Any] = {"helm_chart_id": str(chart), "action_id": action, "body": {}}
        return task(api, name, deployment, {"InvokeAction": invocation})

    return call


CALLS: Mapping[str, Callable[[Installation, str, UUID], httpx.Response]] = {
    "change": lambda api, name, deployment: api[name].put(
        f"/deployments/{deployment}", {"description_md": api.unique()}
    ),
    "restart": restart,
    "roll_back": roll_back,
    "enable": lambda api, name, deployment: api[name].put(f"/deployments/{deployment}", {"enabled": False}),
    "delete": lambda api, name, deployment: api[name].delete(f"/deployments/{deployment}"),
    **{f"action {action}": invoke(action) for action in ACTIONS},
}


def told(api: Installation, name: str, deployment: UUID) -> Any:
    answer = api[name].get(f"/deployments/{deployment}", params={"with": "allowed"})
    return answer.json()["allowed"] if answer.is_success else None


@pytest.mark.parametrize("change", CALLS)
def test_allowed_is_what_a_call_answers(api: Installation, change: str) -> None:
    for name in PEOPLE:
        deployment = with_actions(api)
        allowed = told(api, name, deployment)
        answer = CALLS[change](api, name, deployment)
        if allowed is None:  # out of sight
            assert answer.status_code in {403, 404}, name
            continue
        verdict = allowed["actions"][change.split()[1]] if " " in change else allowed[change]
        assert (verdict is True) == (answer.status_code != 403), (name, verdict, answer.text)


def test_every_check_is_called_and_described() -> None:
    assert set(CHECKS) == set(AllowedOnRow.model_fields) == {name for name in CALLS if " " not in name}
    assert len(get_args(ChangeVerdict)) == 2


@pytest.mark.parametrize("name", PEOPLE)
def test_a_row_of_the_overview_says_the_same(api: Installation, name: str) -> None:
    api.new_deployment(api.stray_cluster)
    rows = api[name].items("/overview/deployments", params={"with": "allowed"})
    for row in rows:
        single = told(api, name, row["id"])
        assert single.pop("actions") == {}
        assert row["allowed"] == single
    assert len(rows) == {"stranger": 0}.get(
        name, 1 if name in {"user", "admin", "maintainer", "owner", "deployment", "foreign"} else 3
    )


def test_a_refusal_says_who_may_and_who_can_grant_it(api: Installation) -> None:
    refusal = told(api, "user", api.deployment)
    assert refusal["change"] == {
        "reason": "Only maintainers and owners of WebShop in Here may do this.",
        "granted_by": "An admin of Here can make you one, such as admin.",
    }
    assert (
        told(api, "maintainer", api.deployment)["delete"]["reason"]
        == "Only owners of WebShop in Here may do this."
    )
    assert "Only people" in told(api, "bot", api.deployment)["delete"]["granted_by"]
    api.execute("delete from env_user_permissions where role = 'Admin'")
    assert told(api, "user", api.deployment)["change"]["granted_by"] == "A site admin can make you one."
    stray = api.new_deployment(api.stray_cluster)
    assert told(api, "site", stray)["change"]["reason"].startswith("Its cluster belongs to no environment")


def test_a_right_that_is_given_counts_at_once(api: Installation) -> None:
    assert told(api, "user", api.deployment)["delete"] is not True
    owner = {"env_id": api.here, "user_id": api.id_of("user"), "kind_id": api.kind, "role": "Owner"}
    api.insert(schema.deployment_permissions, **owner)
    assert told(api, "user", api.deployment)["delete"] is True


def test_it_is_told_only_when_it_is_asked_for(api: Installation) -> None:
    owner = api["owner"]
    assert "allowed" not in owner.get(f"/deployments/{api.deployment}").json()
    assert "allowed" not in owner.items("/overview/deployments")[0]
    for path in (f"/deployments/{api.deployment}", "/overview/deployments"):
        answer = owner.get(path, params={"with": "secrets"})
        assert answer.status_code == 400
        assert answer.json()["message"] == "Query deserialize error: with: `allowed` is expected"


def test_actions_that_can_not_be_read_are_left_out(api: Installation) -> None:
    chart = new_chart(api, "4.9.0", actions_schema={"actions": "none"})
    deployment = api.new_deployment(helm_chart_id=chart)
    assert told(api, "owner", deployment)["actions"] == {}
