"""The overview at a glance and the search: what the caller sees, the worst first, and nothing else.

Source: docs/contract/http-api.md, "Overview at a glance", "Search".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from http_client import Caller, Installation, new_chart


def glance(caller: Caller, **query: Any) -> Any:
    answer = caller.get("/overview", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def hits(caller: Caller, text: str) -> list[tuple[str, str]]:
    answer = caller.get("/search", params={"q": text})
    assert answer.status_code == 200, answer.text
    return [(hit["type"], hit["title"]) for hit in answer.json()["hits"]]


def at(**ago: float) -> datetime:
    return datetime.now(UTC) - timedelta(**ago)


def told(color: str) -> dict[str, Any]:
    content = {"status": {"name": "Busy", "color": color}, "notices": [{"level": "Danger", "text": color}]}
    return {"timestamp": "2026-01-01T00:00:00Z", "get_successful": True, "content": content, "error": None}


def test_an_installation_without_trouble_says_so(api: Installation) -> None:
    found = glance(api["site"])
    assert (found["attention"], found["num_attention"], found["changing"], found["last_changes"]) == (
        [],
        0,
        [],
        [],
    )
    assert found["counts"] == {
        "deployments": 2, "problems": 0, "disabled": 0, "changing": 0, "clusters": 3, "clusters_away": 0,
    }  # fmt: skip
    assert [(one["kind"], one["version"], one["count"]) for one in found["versions"]] == [
        ("WebShop", "1.0.0", 2)
    ]


@pytest.mark.parametrize(
    ("name", "count", "there"),
    [
        ("stranger", 0, 0),
        ("user", 1, 0),
        ("site", 2, 1),
        ("bot", 2, 1),
        ("deployment", 1, 0),
        ("foreign", 1, 1),
    ],
)
def test_only_what_is_seen_is_counted(api: Installation, name: str, count: int, there: int) -> None:
    assert glance(api[name])["counts"]["deployments"] == count
    assert glance(api[name], env_id=str(api.there))["counts"]["deployments"] == there
    assert sum(one["count"] for one in glance(api[name])["versions"]) == count


def test_the_worst_comes_first_with_its_reason_and_what_to_do(api: Installation) -> None:
    away = api.new_cluster(api.here, is_ok=False, not_ok_reason="certificate expired")
    api.new_deployment(away, name="unlucky")
    warned = api.new_deployment(name="warned", reported_status=told("warning"))
    waits = api.new_task(api.new_deployment(name="waiting"), status="Pending", execute_at=at(minutes=6))
    endangered = api.new_deployment(name="endangered", reported_status=told("danger"))
    unready = api.new_deployment(name="unready")
    api.new_workload(unready, name="web", status_color=["Danger"])
    failed = api.new_deployment(
        name="failed", status="Error", reason="no space left", reported_status=told("danger")
    )
    api.new_task(failed, status="Failed", execute_at=at(hours=3), finished_at=at(hours=3))
    task = api.new_task(failed, status="Failed", execute_at=at(hours=2), finished_at=at(hours=2))
    api.new_deployment(name="off", status="Error", enabled=False)

    found = glance(api["owner"])

    assert [
        (one["problem"], (one["deployment"] or one["cluster"])["id"], one["action"])
        for one in found["attention"]
    ] == [
        ("Failed", str(failed), "SeeTask"),
        ("ClusterAway", str(away), "SeeCluster"),
        ("NotReady", str(unready), "SeeWorkloads"),
        ("ReportedDanger", str(endangered), "SeeStatus"),
        ("TaskWaits", str(deployment_of(api, waits)), "SeeTask"),
        ("ReportedWarning", str(warned), "SeeStatus"),
    ]
    assert found["num_attention"] == 6
    first, second, *_, fifth, _ = found["attention"]
    assert (first["reason"], first["task_id"]) == ("no space left", str(task))
    assert second["reason"] == "The cluster does not answer. certificate expired"
    assert fifth["task_id"] == str(waits)
    assert {one["env"]["name"] for one in found["attention"]} == {"Here"}
    assert glance(api["foreign"], env_id=str(api.there))["attention"] == []


def deployment_of(api: Installation, task: UUID) -> UUID:
    return api.scalar("select deployment_id from deployment_tasks where id = :id", id=task)


def test_a_task_that_is_due_for_a_moment_or_later_is_no_trouble(api: Installation) -> None:
    api.new_task(api.new_deployment(), status="Pending", execute_at=at(minutes=4))
    api.new_task(api.new_deployment(), status="Pending", execute_at=at(minutes=-60))
    assert glance(api["owner"])["attention"] == []
    assert glance(api["owner"])["counts"]["changing"] == 1


def test_more_than_ten_troubles_are_counted(api: Installation) -> None:
    for _ in range(12):
        api.new_deployment(status="Error")
    found = glance(api["owner"])
    assert (len(found["attention"]), found["num_attention"], found["counts"]["problems"]) == (10, 12, 12)


def test_the_truth_of_the_lists_is_the_truth_of_the_counts(api: Installation) -> None:
    for status in ("Error", "Running", "Upgrading"):
        for enabled in (True, False):
            api.new_deployment(status=status, enabled=enabled, reported_status=told("warning"))
    counts = glance(api["owner"])["counts"]
    for key, filters in {
        "problems": {"problem": "true"},
        "disabled": {"enabled": "false"},
        "deployments": {},
    }.items():
        listed = api["owner"].get("/deployments", params={**filters, "per_page": 0}).json()["num_total"]
        assert counts[key] == listed, key


def test_running_tasks_come_before_waiting_ones_and_ended_ones_apart(api: Installation) -> None:
    waiting = api.new_task(status="Pending", execute_at=at(minutes=1))
    running = api.new_task(status="Started", execute_at=at(seconds=5), started_at=at(seconds=5))
    done = api.new_task(status="Done", execute_at=at(hours=2), finished_at=at(hours=2))
    canceled = api.new_task(status="Canceled", execute_at=at(hours=1), finished_at=at(hours=1))
    api.new_task(api.far_deployment, cluster_id=api.far_cluster, status="Done", execute_at=at(hours=1))
    found = glance(api["owner"])
    assert [one["id"] for one in found["changing"]] == [str(running), str(waiting)]
    assert [one["id"] for one in found["last_changes"]] == [str(canceled), str(done)]
    assert found["changing"][0]["deployment"] == {
        "id": str(api.deployment),
        "name": "blue",
        "kind": "WebShop",
    }


def test_of_many_versions_those_with_most_deployments_are_listed(api: Installation) -> None:
    for number in range(12):
        chart = new_chart(api, f"3.{number}.0", parsed_version=f"3.{number}.0")
        for _ in range(2 if number == 7 else 1):
            api.new_deployment(helm_chart_id=chart)
    versions = glance(api["owner"])["versions"]
    assert (versions[0]["version"], versions[0]["count"]) == ("3.7.0", 2)
    assert len(versions) == 10
    assert {one["num_versions"] for one in versions} == {13}


def test_a_search_finds_each_type_by_what_people_know_of_it(api: Installation) -> None:
    chart = new_chart(
        api, "9.1.0-main", parsed_version="9.1.0", parsed_branch="main", parsed_commit="c0ffee1"
    )
    green = api.new_deployment(name="green", description_md="The winter sale", helm_chart_id=chart)
    task = api.new_task(
        green, status="Failed", execute_at=at(hours=1), finished_at=at(hours=1), reason="no quota"
    )
    api.new_resource(name="spring-catalogue")
    person = api.new_user(display_name="Ana Lima", email="ana@shops.test")
    api.new_cluster(api.here, name="north-1", ingress_domain="north.test")
    user = api["user"]
    assert hits(user, "winter SALE")[0] == ("Deployment", "green")
    assert ("Task", "Uninstall green") in hits(user, "quota") + hits(user, str(task))
    assert hits(user, "c0ffee1") == [("Chart", "WebShop 9.1.0")]
    [found] = user.get("/search", params={"q": "c0ffee1"}).json()["hits"]
    assert (found["parent_id"], found["detail"]) == (str(api.kind), "main · 9.1.0-main")
    assert hits(user, "lima") == hits(user, "ANA@shops") == [("Person", "Ana Lima")]
    assert hits(user, "north.test") == [("Cluster", "north-1")]
    assert hits(user, "spring-cat") == [("Resource", "spring-catalogue")]
    api.execute("update users set is_active = false where id = :id", id=person)
    assert hits(user, "lima") == hits(user, "") == hits(user, "50%") == []


@pytest.mark.parametrize(
    ("name", "seen"), [("stranger", False), ("user", False), ("site", True), ("bot", True)]
)
def test_a_search_finds_nothing_that_is_out_of_sight(api: Installation, name: str, seen: bool) -> None:
    api.new_task(api.far_deployment, cluster_id=api.far_cluster, status="Done", reason="secret plans")
    api.new_resource(api.far_deployment, name="far-catalogue")
    for text in ("red", "secret plans", "far-catalogue"):
        assert bool(hits(api[name], text)) == seen, text


def test_newer_tasks_elsewhere_do_not_hide_those_in_sight(api: Installation) -> None:
    api.new_task(status="Done", execute_at=at(days=5), reason="needle")
    api.execute(
        "insert into deployment_tasks (deployment_id, cluster_id, operation, status, execute_at)"
        " select :deployment, :cluster, '{\"Uninstall\": {}}', 'Done', now() from generate_series(1, 2100)",
        deployment=api.far_deployment,
        cluster=api.far_cluster,
    )
    assert hits(api["user"], "needle") == [("Task", "Uninstall blue")]


def test_the_exact_name_comes_first_and_six_of_a_type_are_enough(api: Installation) -> None:
    for number in range(8):
        api.new_deployment(name=f"a-web-{number}")
    api.new_deployment(name="web")
    api.new_deployment(name="web-2")
    found = [title for kind, title in hits(api["user"], "web") if kind == "Deployment"]
    assert found[:3] == ["web", "web-2", "a-web-0"]
    assert len(found) == 6


@pytest.mark.parametrize("path", ["/overview?env_id=x", "/search?q=a+b+c+d+e+f+g+h+i", "/search?q=%00"])
def test_a_wrong_question_is_refused(api: Installation, path: str) -> None:
    answer = api["user"].get(path)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Query deserialize error: ")
