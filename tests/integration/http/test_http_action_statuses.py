"""An action that is for some statuses is judged by how the deployment is now, not by what it said a while ago."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import orjson
import pytest
from http_client import Ingress, Installation

from platz.db import schema
from tests.repairable_chart import ACTIONS, FEATURES, status_document, status_text

REFUSAL = "Repair is not available while the status is Healthy"


@pytest.fixture
def chart(api: Installation) -> UUID:
    return api.insert(
        schema.helm_charts,
        helm_registry_id=api.registry,
        image_tag="1.0.0-status",
        image_digest="sha256:status",
        created_at="2024-01-01T00:00:00Z",
        actions_schema=ACTIONS,
        features=FEATURES,
    )


@pytest.fixture
def deployment(api: Installation, chart: UUID) -> UUID:
    """A deployment that runs, and said that it is healthy when it was asked last."""
    api.execute("update k8s_clusters set ingress_domain = name || '.test'")
    made = api.new_deployment(helm_chart_id=chart)
    installed = {"helm_chart_id": str(chart), "config_inputs": {}, "values_override": None}
    task = api.insert(
        schema.deployment_tasks,
        cluster_id=api.cluster,
        deployment_id=made,
        operation={"Install": installed},
        status="Done",
        finished_at="2024-01-01T00:00:00Z",
    )
    reported = {
        "timestamp": "2024-01-01T00:00:00Z",
        "get_successful": True,
        "content": status_document("Healthy"),
        "error": None,
    }
    api.execute(
        "update deployments set revision_id = :task, reported_status = cast(:reported as jsonb) where id = :id",
        task=task,
        reported=orjson.dumps(reported).decode(),
        id=made,
    )
    return made


def invoke(api: Installation, deployment: UUID, chart: UUID) -> Any:
    operation = {"InvokeAction": {"helm_chart_id": str(chart), "action_id": "repair", "body": {}}}
    return api["maintainer"].post(
        "/deployment-tasks", {"deployment_id": str(deployment), "operation": operation}
    )


def ingress_of(api: Installation) -> Ingress:
    return cast("Ingress", api.services.ingress)


def test_a_status_that_has_changed_since_allows_the_action(
    api: Installation, deployment: UUID, chart: UUID
) -> None:
    ingress_of(api).text = status_text("Broken")
    assert invoke(api, deployment, chart).status_code == 201
    assert [asked.partition(" ")[0] for asked in ingress_of(api).asked] == ["GET"]
    shown = api["maintainer"].get(f"/deployments/{deployment}").json()["reported_status"]
    assert shown["content"]["status"]["name"] == "Broken"


def test_a_status_that_is_still_the_same_refuses_it_after_one_question(
    api: Installation, deployment: UUID, chart: UUID
) -> None:
    ingress_of(api).text = status_text("Healthy")
    answer = invoke(api, deployment, chart)
    assert (answer.status_code, answer.json()["message"]) == (409, REFUSAL)
    assert len(ingress_of(api).asked) == 1
    assert api.scalar("select count(*) from deployment_tasks where status = 'Pending'") == 0


def test_a_deployment_that_can_not_say_allows_the_action(
    api: Installation, deployment: UUID, chart: UUID
) -> None:
    ingress_of(api).text = "no JSON"
    assert invoke(api, deployment, chart).status_code == 201


def test_a_status_that_allows_the_action_is_not_asked_for(
    api: Installation, deployment: UUID, chart: UUID
) -> None:
    broken = orjson.dumps("Broken").decode()
    api.execute(
        "update deployments set reported_status ="
        " jsonb_set(reported_status, '{content,status,name}', cast(:name as jsonb))",
        name=broken,
    )
    assert invoke(api, deployment, chart).status_code == 201
    assert ingress_of(api).asked == []
