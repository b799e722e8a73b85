"""Given an attacker who holds a deployment's `platz-creds`, when they call Platz, then they act as it alone.

Source: docs/contract/auth.md, "What deployments may do"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from http_client import Caller, Installation

from tests.security.secretive_deployments import (
    CONFIG,
    SECRET,
    SHOWN,
    as_plain,
    credentials_of,
    secretive_deployment,
)


@pytest.fixture
def own(api: Installation) -> UUID:
    return secretive_deployment(api)


@pytest.fixture
def attacker(api: Installation, own: UUID) -> Caller:
    return api.caller(credentials_of(own))


@pytest.mark.parametrize("stored", ["encrypted", "plain"])
def test_given_platz_creds_when_they_read_then_no_sensitive_input_is_shown(
    api: Installation, attacker: Caller, own: UUID, stored: str
) -> None:
    if stored == "plain":
        as_plain(api)
    answers = [
        attacker.get("/deployments"),
        attacker.get(f"/deployments/{own}"),
        attacker.get("/deployment-tasks"),
        *(attacker.get(f"/deployment-tasks/{task['id']}") for task in attacker.items("/deployment-tasks")),
        attacker.put(f"/deployments/{own}", {"description_md": "mine"}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "hunt" not in answer.text
        assert "$encrypted" not in answer.text
    assert answers[1].json()["config"] == SHOWN
    operations = [task["operation"] for task in attacker.items("/deployment-tasks")]
    assert {next(iter(operation)) for operation in operations} == {"Install", "Upgrade", "InvokeAction"}
    upgrade = next(operation["Upgrade"] for operation in operations if "Upgrade" in operation)
    assert upgrade["config_inputs"] == SHOWN
    assert upgrade["config_delta"] == {"color": ["blue", "red"]}


@pytest.mark.parametrize(
    "config", [{"color": "green"}, {**SHOWN, "color": "green"}, {"color": "green", "x": 1}]
)
def test_given_platz_creds_when_the_sdk_writes_back_what_it_read_then_sensitive_inputs_stay(
    api: Installation, attacker: Caller, own: UUID, config: dict[str, Any]
) -> None:
    assert attacker.put(f"/deployments/{own}", {"config": config}).status_code == 200
    stored = api["owner"].get(f"/deployments/{own}").json()["config"]
    assert stored == {**config, "password": SECRET}


def test_given_platz_creds_when_they_set_a_sensitive_input_then_it_is_set(
    api: Installation, attacker: Caller, own: UUID
) -> None:
    answer = attacker.put(f"/deployments/{own}", {"config": {**CONFIG, "password": "other"}})
    assert (answer.status_code, answer.json()["config"]) == (200, SHOWN)
    assert api["owner"].get(f"/deployments/{own}").json()["config"]["password"] == "other"


@pytest.mark.parametrize("place", ["next door", "abroad"])
def test_given_platz_creds_when_they_change_another_deployment_then_they_are_refused(
    api: Installation, attacker: Caller, place: str
) -> None:
    other = api.new_deployment() if place == "next door" else api.far_deployment
    expected = 403 if place == "next door" else 404
    resource = api.new_resource(other)
    task = api.new_task(other, cluster_id=api.cluster if place == "next door" else api.far_cluster)
    answers = [
        attacker.put(f"/deployments/{other}", {"description_md": "theirs"}),
        attacker.put(f"/deployments/{other}", {"enabled": False}),
        attacker.delete(f"/deployments/{other}"),
        attacker.put(f"/deployment-resources/{resource}", {"name": "theirs"}),
        attacker.delete(f"/deployment-resources/{resource}"),
        attacker.delete(f"/deployment-tasks/{task}"),
        attacker.post(f"/deployment-tasks/{task}/stop", {}),
        attacker.post(f"/deployment-tasks/{task}/retry", {}),
        attacker.post(f"/deployments/{other}/preview", {"config": {"a": 1}}),
        attacker.post(f"/deployments/{other}/preview", {"delete": True}),
        attacker.post(f"/deployments/{other}/rollback", {"revision_id": str(task)}),
    ]
    assert [answer.status_code for answer in answers] == [expected] * len(answers)


def test_given_platz_creds_when_the_sdk_uses_them_for_its_own_deployment_then_that_works(
    api: Installation, attacker: Caller, own: UUID
) -> None:
    resource = {"type_id": str(api.new_resource_type()), "deployment_id": str(own), "name": "spring"}
    made = attacker.post("/deployment-resources", resource)
    assert made.status_code == 201
    path = f"/deployment-resources/{made.json()['id']}"
    assert attacker.post(path, {}).json()["name"] == "spring"
    assert attacker.put(path, {"name": "summer"}).json()["name"] == "summer"
    assert attacker.delete(path).status_code == 204
    assert attacker.get("/auth/me").json()["Deployment"]["id"] == str(own)
    assert [cluster["id"] for cluster in attacker.items("/k8s-clusters")] == [str(api.cluster)]
    assert attacker.put(f"/deployments/{own}", {"description_md": "Hello"}).status_code == 200


def test_given_platz_creds_when_they_preview_stop_and_retry_their_own_then_nothing_sensitive_is_shown(
    api: Installation, attacker: Caller, own: UUID
) -> None:
    waiting, *_ = attacker.items(
        "/deployment-tasks", params={"deployment_id": str(own), "active_only": "true"}
    )
    answers = [
        attacker.post(f"/deployments/{own}/preview", {"config": {"color": "green"}}),
        attacker.post(f"/deployment-tasks/{waiting['id']}/stop", {}),
        attacker.get(f"/deployments/{own}?with=allowed"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200], [each.text for each in answers]
    api.execute("update deployment_tasks set status = 'Failed', finished_at = now()")
    last = api.scalar(
        "select id from deployment_tasks where deployment_id = :own and operation ? 'Upgrade'", own=own
    )
    retried = attacker.post(f"/deployment-tasks/{last}/retry", {})
    assert (retried.status_code, retried.json()["operation"]["Upgrade"]["config_inputs"]) == (201, SHOWN)
    for answer in (*answers, retried):
        assert "hunt" not in answer.text
    assert answers[2].json()["allowed"]["change"] is True
    assert answers[2].json()["allowed"]["delete"] is not True


@pytest.mark.parametrize("end", ["disabled", "deleted", "removed"])
def test_given_platz_creds_when_the_deployment_is_gone_then_they_open_nothing(
    api: Installation, end: str
) -> None:
    own = api.new_deployment()
    attacker = api.caller(credentials_of(own))
    assert attacker.get(f"/deployments/{own}").status_code == 200
    match end:
        case "disabled":
            assert api["owner"].put(f"/deployments/{own}", {"enabled": False}).status_code == 200
        case "deleted":
            assert api["owner"].delete(f"/deployments/{own}").status_code == 204
        case _:
            api.execute("delete from deployments where id = :id", id=own)
    for answer in (
        attacker.get("/auth/me"),
        attacker.get("/deployments"),
        attacker.get(f"/deployments/{own}"),
        attacker.get("/helm-charts"),
        attacker.get("/overview"),
        attacker.get("/search?q=shop"),
        attacker.post(f"/deployments/{own}/preview", {"config": {}}),
        attacker.put(f"/deployments/{own}", {"enabled": True}),
    ):
        assert (answer.status_code, "Deployment not found" in answer.text) == (401, True), answer.text


def test_given_platz_creds_when_the_cluster_moves_then_they_see_the_new_environment_only(
    api: Installation, attacker: Caller
) -> None:
    assert [env["id"] for env in attacker.items("/envs")] == [str(api.here)]
    api.execute("update k8s_clusters set env_id = :env where id = :id", env=api.there, id=api.cluster)
    assert [env["id"] for env in attacker.items("/envs")] == [str(api.there)]
