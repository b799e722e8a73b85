"""Comparing revisions and going back to one, over HTTP (docs/contract/http-api.md, "Comparing revisions")."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from http_client import Installation

from platz.preview.slots import MOST_AT_ONCE

UNKNOWN = "5f0c2ad4-6a3e-4f0b-9d6a-3c1b7a52e9d8"
"""The id of nothing."""


def revision(api: Installation, **config: Any) -> UUID:
    install = {"helm_chart_id": str(api.chart), "config_inputs": config, "values_override": {}}
    return api.new_task(operation={"Install": install}, status="Done")


def compare(api: Installation, a: object, b: object, *, deployment: UUID | None = None) -> Any:
    path = f"/deployments/{deployment or api.deployment}/compare"
    return api["user"].get(path, params={"a": str(a), "b": str(b)})


def test_two_revisions_are_compared_as_far_as_can_be_known(api: Installation) -> None:
    answer = compare(api, revision(api, size=1), revision(api, size=2))
    assert answer.status_code == 200
    body = answer.json()
    assert body["inputs"] == [{"path": "size", "before": 1, "after": 2}]
    assert body["values"] is None
    assert body["values_problem"] == "The registry can't be reached."
    assert body["objects"] is None
    assert "does not look after the cluster" in body["objects_problem"]


@pytest.mark.parametrize("query", ["", "?a=", "?a=x&b=y", f"?a={UNKNOWN}"])
def test_ids_that_are_missing_or_none_are_refused(api: Installation, query: str) -> None:
    answer = api["user"].get(f"/deployments/{api.deployment}/compare{query}")
    assert answer.status_code == 400


def test_a_revision_of_another_deployment_is_refused(api: Installation) -> None:
    other = api.new_deployment()
    answer = compare(api, revision(api), revision(api), deployment=other)
    assert answer.status_code == 400
    assert "no such revision" in answer.json()["message"]


def test_a_deployment_out_of_sight_is_not_found(api: Installation) -> None:
    assert compare(api, uuid4(), uuid4(), deployment=api.far_deployment).status_code == 404
    assert api["user"].get(f"/deployments/nonsense/compare?a={uuid4()}&b={uuid4()}").status_code == 404


def test_one_more_than_the_limit_is_told_when_to_come_back(api: Installation) -> None:
    with ExitStack() as taken:
        for _ in range(MOST_AT_ONCE):
            taken.enter_context(api.services.previews.slots.taken())
        answer = compare(api, revision(api), revision(api))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "try again in a few seconds" in answer.json()["message"]
    assert compare(api, revision(api), revision(api)).status_code == 200


def test_going_back_answers_with_the_row_and_queues_the_upgrade(api: Installation) -> None:
    first = revision(api, size=1)
    answer = api["maintainer"].post(f"/deployments/{api.deployment}/rollback", {"revision_id": str(first)})
    assert answer.status_code == 200
    assert answer.json()["config"] == {"size": 1}
    tasks = api["user"].items(
        "/deployment-tasks", params={"deployment_id": str(api.deployment), "status": "Pending"}
    )
    [upgrade] = [each["operation"]["Upgrade"] for each in tasks if "Upgrade" in each["operation"]]
    assert upgrade["reason"].startswith(f"Rollback to revision {first} ")


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"revision_id": "x"}, 400), ({"revision_id": UNKNOWN}, 400)],
    ids=str,
)
def test_going_back_to_nothing_is_refused(api: Installation, body: Any, status: int) -> None:
    answer = api["maintainer"].post(f"/deployments/{api.deployment}/rollback", body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_going_back_to_what_is_there_is_refused(api: Installation) -> None:
    path = f"/deployments/{api.deployment}/rollback"
    answer = api["maintainer"].post(path, {"revision_id": str(revision(api))})
    assert answer.status_code == 409
    assert "nothing to go back to" in answer.json()["message"]


def test_a_change_is_previewed_as_far_as_can_be_known_and_not_made(api: Installation) -> None:
    before = api["maintainer"].get(f"/deployments/{api.deployment}").json()
    answer = api["maintainer"].post(f"/deployments/{api.deployment}/preview", {"config": {"size": 2}})
    assert answer.status_code == 200
    body = answer.json()
    assert body["effect"] == "upgrade"
    assert body["inputs"] == [{"path": "size", "before": None, "after": 2}]
    assert body["objects"] is None
    assert api["maintainer"].get(f"/deployments/{api.deployment}").json() == before
    assert api["user"].items("/deployment-tasks", params={"deployment_id": str(api.deployment)}) == []


@pytest.mark.parametrize(
    "body",
    [
        {"delete": True, "config": {}},
        {"delete": True, "revision_id": UNKNOWN},
        {"revision_id": UNKNOWN, "enabled": False},
    ],
    ids=str,
)
def test_two_changes_at_once_are_not_previewed(api: Installation, body: Any) -> None:
    answer = api["owner"].post(f"/deployments/{api.deployment}/preview", body)
    assert answer.status_code == 400
    assert "one at a time" in answer.json()["message"]


def test_a_preview_of_what_is_refused_is_refused(api: Installation) -> None:
    body = {"kind_id": str(api.kind), "cluster_id": str(api.cluster), "helm_chart_id": str(api.chart)}
    answer = api["owner"].post("/deployments/preview", {**body, "name": "Not A Name"})
    assert answer.status_code == 400


def test_an_update_with_a_preview_that_no_longer_holds_is_refused(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    shown = api["maintainer"].post(f"{path}/preview", {"config": {"size": 2}}).json()["preview_id"]
    assert api["maintainer"].put(path, {"config": {"size": 1}}).status_code == 200
    answer = api["maintainer"].put(path, {"config": {"size": 2}, "preview_id": shown})
    assert answer.status_code == 409
    assert "the deployment was changed" in answer.json()["message"]
    assert api["maintainer"].get(path).json()["config"] == {"size": 1}


def test_an_update_with_a_preview_that_holds_is_made(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    shown = api["maintainer"].post(f"{path}/preview", {"config": {"size": 2}}).json()["preview_id"]
    assert api["maintainer"].put(path, {"config": {"size": 2}, "preview_id": shown}).status_code == 200
    assert api["maintainer"].put(path, {"config": {"size": 3}, "preview_id": "x"}).status_code == 400
