"""Lists: filters and their match kinds, pages, totals and orders.

Source: docs/contract/http-api.md, "Lists", "Routes in detail".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from http_client import Installation, new_chart

from platz.db import schema


def found(api: Installation, path: str, **query: str) -> set[str]:
    """The ids in the list."""
    return {item["id"] for item in api["site"].items(path, params={**query, "per_page": "1000"})}


def strings(*ids: UUID) -> set[str]:
    return {str(one) for one in ids}


def test_eq_is_exact(api: Installation) -> None:
    upper, lower = (api.insert(schema.deployment_kinds, name=name) for name in ("Shop", "shop"))
    assert found(api, "/deployment-kinds", name="Shop") == strings(upper)
    assert found(api, "/deployment-kinds", name="shop") == strings(lower)
    assert found(api, "/deployment-kinds", name="hop") == set()


def test_ci_ignores_case_and_knows_no_wildcards(api: Installation) -> None:
    plain, odd = (api.insert(schema.envs, name=name) for name in ("Blue", "50%_x\\y"))
    assert found(api, "/envs", name="bLUE") == strings(plain)
    assert found(api, "/envs", name="Bl%") == set()
    assert found(api, "/envs", name="50%_X\\Y") == strings(odd)


def test_sub_finds_parts_in_any_case_and_knows_no_wildcards(api: Installation) -> None:
    one = api.new_deployment(name="alpha-100")
    assert found(api, "/deployments", name="PHA-1") == strings(one)
    assert found(api, "/deployments", name="a%1") == set()
    assert found(api, "/deployments", name="alpha_100") == set()


def test_filters_are_anded(api: Installation) -> None:
    one = api.new_deployment(name="alpha", enabled=False)
    api.new_deployment(name="alphabet", enabled=True)
    assert found(api, "/deployments", name="alpha", enabled="false", cluster_id=str(api.cluster)) == strings(
        one
    )
    assert found(api, "/deployments", name="alpha", enabled="false", cluster_id=str(api.far_cluster)) == set()


@pytest.mark.parametrize(
    ("path", "query", "hits"),
    [
        ("/envs", {"auto_add_new_users": "true"}, 0),
        ("/envs", {"auto_add_new_users": "false"}, 3),
        ("/users", {"email": "@EXAMPLE"}, 6),
        ("/users", {"display_name": "MAINT"}, 1),
        ("/users", {"is_active": "false"}, 0),
        ("/bots", {"display_name": "OT"}, 1),
        ("/helm-registries", {"repo_name": "web-shop-chart"}, 1),
        ("/helm-registries", {"repo_name": "web-shop"}, 0),
        ("/k8s-resources", {"kind": "deployment"}, 0),
        ("/helm-tag-formats", {"pattern": "nothing"}, 0),
    ],
)
def test_simple_filters(api: Installation, path: str, query: dict[str, str], hits: int) -> None:
    assert len(found(api, path, **query)) == hits


def test_id_filters_of_every_collection(api: Installation) -> None:
    person = api.new_user()
    granted = api.insert(schema.env_user_permissions, env_id=api.there, user_id=person, role="User")
    role = api.insert(
        schema.deployment_permissions, env_id=api.there, user_id=person, kind_id=api.kind, role="Owner"
    )
    secret = api.new_secret(api.there, collection="Pager", name="Duty")
    workload = api.new_workload(api.far_deployment, cluster_id=api.far_cluster, kind="StatefulSet", name="db")
    specific = api.new_resource_type(api.there)
    there = str(api.there)
    assert found(api, "/env-user-permissions", env_id=there) == strings(granted)
    assert found(api, "/deployment-permissions", env_id=there) == strings(role)
    assert found(api, "/secrets", env_id=there, collection="pAGER", name="dUTY") == strings(secret)
    assert found(api, "/k8s-resources", cluster_id=str(api.far_cluster), kind="statefulset") == strings(
        workload
    )
    assert found(api, "/k8s-resources", deployment_id=str(api.far_deployment), name="DB") == strings(workload)
    assert found(api, "/k8s-clusters", env_id=there) == strings(api.far_cluster)
    assert found(api, "/deployment-resource-types", env_id=there) == strings(specific)
    assert found(api, "/deployment-resource-types", deployment_kind_id=str(api.kind)) == strings(specific)
    assert found(api, "/deployments", env_id=there) == strings(api.far_deployment)
    assert found(api, "/helm-registries", kind_id=str(api.kind)) == strings(api.registry)


def test_a_deployment_moves_with_its_cluster_to_another_environment(api: Installation) -> None:
    api.execute("update k8s_clusters set env_id = :env where id = :id", env=api.there, id=api.cluster)
    assert str(api.deployment) in found(api, "/deployments", env_id=str(api.there))
    assert found(api, "/deployments", env_id=str(api.here)) == set()


def test_deleted_resources_are_listed_only_when_asked_for(api: Installation) -> None:
    kept, gone = api.new_resource(), api.new_resource(exists=False)
    assert found(api, "/deployment-resources") == strings(kept)
    assert found(api, "/deployment-resources", exists="true") == strings(kept)
    assert found(api, "/deployment-resources", exists="false") == strings(gone)
    assert found(api, "/deployment-resources", env_id=str(api.here)) == strings(kept)
    assert api["site"].get(f"/deployment-resources/{gone}").status_code == 200


def test_tasks_are_filtered_by_activity_time_and_environment(api: Installation) -> None:
    now = datetime.now(UTC)
    future = api.new_task()
    due = api.new_task(execute_at=now - timedelta(hours=1))
    done = api.new_task(
        execute_at=now - timedelta(days=2), created_at=now - timedelta(days=2), status="Done", finished_at=now
    )
    far = api.new_task(api.far_deployment, cluster_id=api.far_cluster, execute_at=now - timedelta(hours=2))
    path = "/deployment-tasks"

    assert found(api, path) == strings(future, due, done, far)
    assert found(api, path, active_only="true") == strings(future, due, far)
    assert found(api, path, active_only="false") == strings(future, due, done, far)
    assert found(api, path, show_future="false") == strings(due, done, far)
    assert found(api, path, show_future="true") == strings(future, due, done, far)
    assert found(api, path, env_id=str(api.there)) == strings(far)
    assert found(api, path, deployment_id=str(api.deployment), show_future="false") == strings(due, done)
    yesterday = now - timedelta(days=1)
    for text in (
        yesterday.isoformat().replace("+00:00", "Z"),
        yesterday.strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
        yesterday.strftime("%Y-%m-%d %H:%M:%S UTC"),
    ):
        assert found(api, path, created_from=text) == strings(future, due, far), text


def test_tasks_come_newest_first_and_the_last_one_is_a_page_of_one(api: Installation) -> None:
    now = datetime.now(UTC)
    tasks = [api.new_task(execute_at=now + timedelta(days=days)) for days in (2, 5, 1)]
    newest_first = [str(tasks[1]), str(tasks[0]), str(tasks[2])]

    listed = [task["id"] for task in api["site"].items("/deployment-tasks")]
    last = api["site"].get("/deployment-tasks?page=1&page_size=1").json()

    assert listed == newest_first
    assert [task["id"] for task in last["items"]] == newest_first[:1]
    assert (last["per_page"], last["num_total"]) == (1, 3)


def test_charts_and_tag_formats_come_newest_first(api: Installation) -> None:
    old = new_chart(api, "0.1.0", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert api["site"].items("/helm-charts")[-1]["id"] == str(old)
    newest = api.insert(
        schema.helm_tag_formats, pattern="newest", created_at=datetime(2999, 1, 1, tzinfo=UTC)
    )
    assert api["site"].items("/helm-tag-formats")[0]["id"] == str(newest)


def test_charts_in_use_are_those_deployed_and_the_newest_of_their_branches(api: Installation) -> None:
    def chart(tag: str, day: int, branch: str | None) -> UUID:
        return new_chart(api, tag, created_at=datetime(2024, 1, day, tzinfo=UTC), parsed_branch=branch)

    used, newest = chart("a1", 1, "main"), chart("a3", 3, "main")
    chart("a2", 2, "main")
    chart("b1", 9, "feature")
    unbranched = chart("c1", 1, None)
    chart("c2", 5, None)
    api.execute("update helm_charts set available = false where id = :id", id=newest)
    api.execute("update deployments set helm_chart_id = :chart where id = :id", chart=used, id=api.deployment)
    api.execute(
        "update deployments set helm_chart_id = :chart where id = :id",
        chart=unbranched,
        id=api.far_deployment,
    )

    assert found(api, "/helm-charts", in_use="true") == strings(used, newest, unbranched)
    assert len(found(api, "/helm-charts", in_use="false")) == len(found(api, "/helm-charts")) == 8
    assert found(api, "/helm-charts", in_use="true", parsed_branch="main") == strings(used, newest)
    other = api.insert(schema.deployment_kinds, name="Other")
    assert found(api, "/helm-charts", in_use="true", kind_id=str(other)) == set()
    assert found(
        api, "/helm-charts", helm_registry_id=str(api.registry), in_use="true", kind_id=str(api.kind)
    )


def test_a_page_beyond_the_end_is_empty_and_keeps_the_total(api: Installation) -> None:
    body = api["site"].get("/envs?page=9&per_page=2").json()
    assert body == {"page": 9, "per_page": 2, "items": [], "num_total": 3}


def test_no_items_are_asked_for_with_per_page_zero(api: Installation) -> None:
    assert api["site"].get("/envs?per_page=0").json() == {
        "page": 1,
        "per_page": 0,
        "items": [],
        "num_total": 3,
    }


def test_the_default_page_has_fifty_items_and_the_largest_a_thousand(api: Installation) -> None:
    api.execute("insert into bots (display_name) select 'b' || n from generate_series(1, 1100) n")
    first, most = api["site"].get("/bots").json(), api["site"].get("/bots?per_page=5000").json()
    assert (len(first["items"]), first["per_page"], first["num_total"]) == (50, 50, 1101)
    assert (len(most["items"]), most["per_page"], most["num_total"]) == (1000, 1000, 1101)


def test_the_total_counts_only_what_is_visible(api: Installation) -> None:
    assert api["stranger"].get("/envs").json()["num_total"] == 0
    assert api["user"].get("/envs").json()["num_total"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "per_page=-1", "page=x", "page=", "page=1.0", "page=99999999999999999999", "page=1&page=2",
        "per_page=1&per_page=1", "page_size=x", "enabled=True", "enabled=1", "enabled=", "kind_id=", "kind_id=x",
        "env_id=1&env_id=2", "name=%00", "name=%ff", "name=a&name=b",
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(api: Installation, query: str) -> None:
    answer = api["site"].get(f"/deployments?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Query deserialize error: ")


@pytest.mark.parametrize(
    "moment",
    [
        "yesterday",
        "2024-03-09",
        "2024-03-09T12:34:56",
        "2024-13-09T12:34:56Z",
        "0001-01-01T00:00:00+23:59",
        "",
    ],
)
def test_a_moment_that_is_none_is_refused(api: Installation, moment: str) -> None:
    assert api["site"].get("/deployment-tasks", params={"created_from": moment}).status_code == 400


def test_unknown_parameters_are_ignored(api: Installation) -> None:
    assert api["site"].get("/envs?nonsense=1&nonsense=2&NAME=x").json()["num_total"] == 3


def test_the_largest_page_number_is_no_error(api: Installation) -> None:
    assert api["site"].get(f"/envs?page={2**53}&per_page=1000").json()["items"] == []
