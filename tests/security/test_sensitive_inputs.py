"""Given an attacker who is a member of an environment, when they read, then they get no sensitive input.

Source: docs/contract/auth.md, "Sensitive inputs"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

from uuid import UUID

import pytest
from http_client import Installation

from platz.db import schema
from tests.security.secretive_deployments import CONFIG, SHOWN, as_plain, secretive_deployment


@pytest.fixture
def deployment(api: Installation) -> UUID:
    return secretive_deployment(api)


@pytest.mark.parametrize("stored", ["encrypted", "plain"])
@pytest.mark.parametrize(
    ("who", "may"),
    [("user", False), ("maintainer", True), ("owner", True), ("admin", True), ("site", True), ("bot", True)],
)
def test_given_a_member_when_they_read_then_sensitive_inputs_are_for_who_may_change(
    api: Installation, deployment: UUID, who: str, may: bool, stored: str
) -> None:
    if stored == "plain":
        as_plain(api)
    reader, filters = api[who], {"deployment_id": str(deployment)}
    [listed] = [row for row in reader.items("/deployments") if row["id"] == str(deployment)]
    assert listed["config"] == (CONFIG if may else SHOWN)
    assert reader.get(f"/deployments/{deployment}").json()["config"] == listed["config"]
    tasks = reader.items("/deployment-tasks", params=filters)
    assert len(tasks) == 3
    for task in tasks:
        one = reader.get(f"/deployment-tasks/{task['id']}")
        assert one.json()["operation"] == task["operation"]
        assert ("hunt" in one.text) == may
        assert "$encrypted" not in one.text


def test_given_a_role_on_another_kind_when_they_read_then_they_get_no_sensitive_input(
    api: Installation, deployment: UUID
) -> None:
    other = api.insert(schema.deployment_kinds, name="Other")
    grant = {"env_id": api.here, "user_id": api.id_of("user"), "role": "Owner"}
    api.insert(schema.deployment_permissions, kind_id=other, **grant)
    assert api["user"].get(f"/deployments/{deployment}").json()["config"] == SHOWN


@pytest.mark.parametrize("who", ["maintainer", "owner"])
def test_given_a_role_on_a_kind_when_the_membership_ends_then_the_role_counts_nothing(
    api: Installation, deployment: UUID, who: str
) -> None:
    path = f"/deployments/{deployment}"
    assert api[who].put(path, {}).json()["config"] == CONFIG
    api.execute("delete from env_user_permissions where user_id = :id", id=api.id_of(who))
    for answer in (
        api[who].get(path),
        api[who].put(path, {}),
        api[who].put(path, {"description_md": "x"}),
        api[who].delete(path),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found"})


def test_given_a_canceler_who_is_no_maintainer_when_they_cancel_then_the_answer_shows_nothing_sensitive(
    api: Installation, deployment: UUID
) -> None:
    operation = {
        "Install": {"helm_chart_id": str(api.chart), "config_inputs": CONFIG, "values_override": None}
    }
    chart = api.scalar("select helm_chart_id from deployments where id = :id", id=deployment)
    operation["Install"]["helm_chart_id"] = str(chart)
    task = api.new_task(deployment, operation=operation, acting_user_id=api.id_of("user"))
    answer = api["user"].delete(f"/deployment-tasks/{task}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["operation"]["Install"]["config_inputs"] == SHOWN
