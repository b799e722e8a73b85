"""Given an attacker outside of an environment, when they use what the console uses, then they learn nothing of it.

Previews, rollbacks, comparisons, stops and retries name other rows; the overview and the search show many at once.

Source: docs/contract/auth.md, "Visibility scope"; docs/contract/http-api.md, "Retrying a task", "Search".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from http_client import Caller, Installation

from tests.security.told_answers import NOT_FOUND, told

REVISION = {"config_inputs": {}, "values_override": None}


def test_given_an_outsider_with_the_id_of_a_preview_when_they_apply_it_then_the_row_looks_missing(
    api: Installation, outsider: Caller
) -> None:
    hidden, change = api.new_deployment(), {"config": {"a": 1}}
    shown = api["owner"].post(f"/deployments/{hidden}/preview", change).json()["preview_id"]
    for row in (hidden, uuid4()):
        path, made = f"/deployments/{row}", {"preview_id": shown}
        assert told(outsider.put(path, {**change, **made})) == NOT_FOUND
        assert told(outsider.post(f"{path}/rollback", {"revision_id": str(uuid4()), **made})) == NOT_FOUND
        assert told(outsider.post(f"{path}/preview", change)) == NOT_FOUND


@pytest.mark.parametrize("action", ["stop", "retry"])
@pytest.mark.parametrize("status", ["Pending", "Failed", "Done"])
def test_given_an_outsider_when_they_stop_or_retry_a_task_then_it_looks_missing_and_stays(
    api: Installation, outsider: Caller, action: str, status: str
) -> None:
    task = api.new_task(status=status)
    for row in (task, uuid4()):
        assert told(outsider.post(f"/deployment-tasks/{row}/{action}", {})) == NOT_FOUND
    count = "select count(*) from deployment_tasks where status = :status"
    assert api.scalar(count, status=status) == 1


def test_given_a_task_of_another_environment_when_its_deployment_is_here_now_then_it_looks_missing(
    api: Installation,
) -> None:
    """The deployment was moved here; what it did there belongs to there."""
    task = api.new_task(cluster_id=api.far_cluster, status="Failed", operation={"Reinstall": {"reason": "x"}})
    for answer in (
        api["owner"].get(f"/deployment-tasks/{task}"),
        api["owner"].post(f"/deployment-tasks/{task}/retry", {}),
        api["owner"].post(f"/deployment-tasks/{task}/stop", {}),
        api["owner"].delete(f"/deployment-tasks/{task}"),
    ):
        assert told(answer) == NOT_FOUND


@pytest.mark.parametrize(("who", "sees"), [("owner", False), ("site", True)])
def test_given_a_revision_of_another_environment_when_it_is_named_then_it_looks_missing(
    api: Installation, who: str, sees: bool
) -> None:
    revision = {"Install": {"helm_chart_id": str(api.next_chart), **REVISION}}
    past = {"operation": revision, "status": "Done"}
    there, here = api.new_task(cluster_id=api.far_cluster, **past), api.new_task(**past)
    path = f"/deployments/{api.deployment}"
    for hidden, missing in (
        (f"{path}/compare?a={there}&b={here}", f"{path}/compare?a={uuid4()}&b={here}"),
        (f"{path}/compare?a={here}&b={there}", f"{path}/compare?a={here}&b={uuid4()}"),
    ):
        assert (told(api[who].get(hidden)) == told(api[who].get(missing))) != sees
    for body in ({"revision_id": str(there)}, {"revision_id": str(here)}):
        answer = api[who].post(f"{path}/rollback", body)
        named = body["revision_id"] == str(there)
        assert answer.status_code == (400 if named and not sees else 200), answer.text
        api.execute("update deployments set helm_chart_id = :chart", chart=api.chart)


def ids_in(document: Any) -> set[str]:
    """Return all ids and names in a document."""
    match document:
        case dict():
            return set[str]().union(*map(ids_in, document.values()))
        case list():
            return set[str]().union(*map(ids_in, document))
        case _:
            return {str(document)}


@pytest.mark.parametrize(
    "path", ["/overview", "/overview/deployments", "/search?q=needle", "/overview/deployments?q=needle"]
)
def test_given_an_outsider_when_they_look_at_everything_then_nothing_of_the_environment_is_there(
    api: Installation, outsider: Caller, path: str
) -> None:
    hidden = api.new_deployment(name="needle", status="Error")
    rows = {hidden, api.here, api.deployment, api.new_task(hidden, status="Failed")}
    running = {"status": "Started", "started_at": datetime.now(UTC)}
    rows |= {api.new_task(hidden, **running), api.new_resource(hidden, name="needle")}
    api.new_workload(hidden, name="needle", status_color=["Danger"])
    assert ids_in(api["user"].get(path).json()) & {str(row) for row in rows}
    answer = outsider.get(path)
    assert answer.status_code == 200
    assert not ids_in(answer.json()) & {str(row) for row in rows}
    assert "needle" not in answer.text


def test_given_an_outsider_when_they_ask_for_one_environment_then_a_hidden_one_looks_missing(
    api: Installation, outsider: Caller
) -> None:
    for path in ("/overview", "/overview/deployments"):
        hidden, missing = (outsider.get(f"{path}?env_id={env}") for env in (api.here, uuid4()))
        assert told(hidden) == told(missing)


@pytest.mark.parametrize(("who", "found"), [("deployment", 1), ("user", 2), ("stranger", 2), ("bot", 2)])
def test_given_platz_creds_when_they_search_then_clusters_are_those_of_their_environment(
    api: Installation, who: str, found: int
) -> None:
    near = api.new_cluster(api.here, name="haystack-near")
    api.new_cluster(api.there, name="haystack-far")
    hits = api[who].get("/search?q=haystack").json()["hits"]
    assert len(hits) == found
    assert str(near) in {hit["id"] for hit in hits}


def test_given_platz_creds_when_they_look_at_everything_then_they_see_their_environment_only(
    api: Installation,
) -> None:
    rows = api["deployment"].get("/overview/deployments").json()["items"]
    assert {UUID(row["id"]) for row in rows} == {api.deployment}
    assert api["deployment"].get("/overview").json()["counts"]["clusters"] == 1
