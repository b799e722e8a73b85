"""The overview of deployments: it says what the single routes say, and its counts are those of the filtered lists.

Source: docs/contract/http-api.md, "Overview of deployments".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from http_client import Caller, Installation, new_chart

from platz.db import schema

PATH = "/overview/deployments"
SEEDS = range(4)
STATUSES = ("Running", "Running", "Error", "Upgrading", "Uninstalled")
FEATURES = (
    None,
    {"standard_ingress": True},
    {"standard_ingress": False},
    {
        "apiVersion": "platz.io/v1beta2",
        "kind": "Features",
        "spec": {"ingress": {"enabled": True, "hostname_format": "Name"}},
    },
    {"broken": True, "standard_ingress": "yes"},
)


def rows(caller: Caller, **query: Any) -> list[Any]:
    return caller.items(PATH, params={"per_page": 1000, **query})


def only(caller: Caller, deployment: UUID) -> Any:
    [row] = rows(caller, ids=str(deployment))
    return row


def names(caller: Caller, **query: Any) -> list[str]:
    return [row["name"] for row in rows(caller, **query)]


def reported(color: str, *notices: str) -> dict[str, Any]:
    told = [{"level": "Danger", "text": text} for text in notices]
    content = {"status": {"name": "Busy", "color": color}, "notices": told}
    return {"timestamp": "2026-01-01T00:00:00Z", "get_successful": True, "content": content, "error": None}


def crowd(api: Installation, random: Random) -> None:
    """Deployments of every kind of state, in both environments and in none."""
    api.execute(
        "update k8s_clusters set ingress_domain = name || '.test' where id <> :id", id=api.far_cluster
    )
    away = api.new_cluster(
        api.here, is_ok=False, not_ok_reason="certificate expired", ingress_domain="away.test"
    )
    other = api.insert(schema.deployment_kinds, name="Ledger")
    charts = [
        new_chart(
            api,
            f"{number}.0.0",
            created_at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=random.randint(0, 9)),
            parsed_version=random.choice([None, "1.9.0", "1.10.0"]),
            parsed_branch=random.choice([None, "main", "next"]),
            available=random.random() < 0.8,
            error=random.choice([None, None, "values-ui.json can't be read"]),
            features=random.choice(FEATURES),
        )
        for number in range(8)
    ]
    for _ in range(24):
        deployment = api.new_deployment(
            random.choice([api.cluster, api.cluster, away, api.far_cluster, api.stray_cluster]),
            kind_id=random.choice([api.kind, other]),
            helm_chart_id=random.choice(charts),
            status=random.choice(STATUSES),
            enabled=random.random() < 0.8,
            reason=random.choice([None, "no space left"]),
            reported_status=random.choice(
                [None, reported("success"), reported("warning"), reported("danger", "!")]
            ),
            config={"size": random.choice(["small", "large"])},
        )
        for _ in range(random.randint(0, 3)):
            when = datetime.now(UTC) + timedelta(days=random.randint(-9, 3))
            api.new_task(deployment, execute_at=when, status="Done", finished_at=when)
        for _ in range(random.randint(0, 3)):
            dots = random.choice([["Success"], ["Success", "Danger"], []])
            api.new_workload(deployment, kind=random.choice(["Deployment", "Job"]), status_color=dots)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["owner", "site", "stranger"])
def test_it_says_what_the_single_routes_say(api: Installation, name: str, seed: int) -> None:
    crowd(api, Random(seed))
    caller = api[name]
    found = rows(caller)
    listed = {one["id"]: one for one in caller.items("/deployments", params={"per_page": 1000})}
    assert {row["id"] for row in found} == set(listed)
    troubled = {
        one["id"] for one in caller.items("/deployments", params={"problem": "true", "per_page": 1000})
    }
    for row in found:
        single = listed[row["id"]]
        assert {key: row[key] for key in single if key in row} == {
            key: single[key] for key in single if key in row
        }
        assert set(single) - set(row) == {"config", "values_override"}
        says_the_same(caller, row)
        assert bool(row["problems"]) == (row["id"] in troubled)


def says_the_same(caller: Caller, row: Any) -> None:
    for key, path in (
        ("kind", f"/deployment-kinds/{row['kind_id']}"),
        ("cluster", f"/k8s-clusters/{row['cluster_id']}"),
        ("chart", f"/helm-charts/{row['helm_chart_id']}"),
    ):
        single = caller.get(path).json()
        assert row[key] == {name: single[name] for name in row[key]}
    env_id = caller.get(f"/k8s-clusters/{row['cluster_id']}").json()["env_id"]
    assert row["env"] == (env_id and {"id": env_id, "name": caller.get(f"/envs/{env_id}").json()["name"]})
    tasks = caller.items("/deployment-tasks", params={"deployment_id": row["id"], "show_future": "false"})
    if not tasks:
        assert row["last_task"] is None
    else:
        [operation] = tasks[0]["operation"]
        told = {key: tasks[0][key] for key in row["last_task"]} | {"operation": operation}
        assert row["last_task"] == told
    workloads = caller.items("/k8s-resources", params={"deployment_id": row["id"]})
    lasting = [one["status_color"] for one in workloads if one["kind"] != "Job"]
    assert row["workloads"] == {
        "number": len(workloads),
        "replicas": sum(map(len, lasting)),
        "ready": sum(dots.count("Success") for dots in lasting),
        "not_ready": sum("Danger" in dots for dots in lasting),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_each_count_is_the_total_of_the_list_with_that_filter(api: Installation, seed: int) -> None:
    random = Random(seed)
    crowd(api, random)
    caller = api[random.choice(["owner", "site"])]
    given: dict[str, Any] = {"q": random.choice(["shop", "small", "ledger"])}
    everything = caller.get(PATH, params={"per_page": 0}).json()["facets"]
    for name in random.sample(sorted(everything), random.choice([0, 1, 2, 7])):
        given[name] = random.choice(everything[name])["value"]

    facets = caller.get(PATH, params={**given, "per_page": 0}).json()["facets"]

    for name, values in facets.items():
        assert [one["count"] for one in values] == sorted((one["count"] for one in values), reverse=True)
        counted = {one["value"]: one["count"] for one in values}
        for value in {*counted, *(one["value"] for one in everything[name])}:
            answer = caller.get(PATH, params={**given, name: value, "per_page": 0}).json()
            assert answer["num_total"] == counted.get(value, 0), (name, value, given)


def test_every_word_must_occur_somewhere(api: Installation) -> None:
    chart = new_chart(api, "7.1.0-main", parsed_version="7.1.0", parsed_commit="abc1234def")
    api.new_deployment(
        name="green",
        helm_chart_id=chart,
        description_md="The *Winter* sale, 50%_off",
        config={"size": "Überlang", "hosts": ["eu.example.org"], "replicas": 3},
    )
    site = api["site"]
    for text in (
        "green", "GREEN", "winter", "überLANG", "webshop green", "example.org", "7.1.0", "abc1234", "50%_off",
        "  sale   green ", f"green {site.get(f'/k8s-clusters/{api.cluster}').json()['name']}",
    ):  # fmt: skip
        assert names(site, q=text) == ["green"], text
    for text in ("green red", "50%off", "gre%n", "nothing"):
        assert names(site, q=text) == []
    assert len(names(site, q="")) == len(names(site)) == 3


def test_no_search_finds_what_is_sensitive_or_encrypted(api: Installation) -> None:
    form = {"inputs": [{"id": "password", "sensitive": True}, {"id": "size"}]}
    versioned = {"apiVersion": "platz.io/v1beta1", "kind": "ValuesUi", "inputs": form["inputs"]}
    for number, values_ui in enumerate((form, versioned)):
        chart = new_chart(api, f"8.{number}.0", values_ui=values_ui)
        config = {
            "password": "hunter2",
            "size": "huge",
            "token": {"$encrypted": "enc:v1:topsecret"},
        }
        api.new_deployment(name=f"safe-{number}", helm_chart_id=chart, config=config)
    for text in ("hunter2", "topsecret", "encrypted"):
        assert names(api["site"], q=text) == []
    assert names(api["site"], q="huge") == ["safe-0", "safe-1"]


def test_an_input_that_becomes_sensitive_is_no_longer_found(api: Installation) -> None:
    chart = new_chart(api, "8.0.0")
    api.new_deployment(name="safe", helm_chart_id=chart, config={"password": "hunter2"})
    assert names(api["site"], q="hunter2") == ["safe"]
    api.execute(
        """update helm_charts set values_ui = '{"inputs": [{"id": "password", "sensitive": true}]}' where id = :id""",
        id=chart,
    )
    assert names(api["site"], q="hunter2") == []


def test_a_search_follows_changes(api: Installation) -> None:
    api.execute(
        "update deployments set name = 'teal', description_md = 'sea' where id = :id", id=api.deployment
    )
    assert names(api["site"], q="blue") == []
    assert names(api["site"], q="teal sea") == ["teal"]
    api.execute("update deployments set config = '[1]' where id = :id", id=api.deployment)
    assert names(api["site"], q="teal sea") == ["teal"]


def test_huge_inputs_are_searched_only_at_their_beginning(api: Installation) -> None:
    api.execute(
        "update deployments set config = jsonb_build_object('note', repeat('x', 500000) || 'needle') where id = :id",
        id=api.deployment,
    )
    assert names(api["site"], q="needle") == []
    assert names(api["site"], q="xxx") == ["blue"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["a", "b", "c", "off"]),
        ("-name", ["c", "b", "a", "off"]),
        ("version", ["c", "a", "b", "off"]),
        ("-version", ["b", "a", "c", "off"]),
        ("-changed", ["b", "c", "a", "off"]),
        ("cluster", ["a", "b", "c", "off"]),
        ("kind", ["a", "b", "c", "off"]),
        ("created", ["a", "b", "c", "off"]),
        ("status", ["a", "b", "c", "off"]),
    ],
)
def test_the_order_is_that_of_the_sort_with_disabled_ones_last(
    api: Installation, sort: str, expected: list[str]
) -> None:
    api.execute("delete from deployments")
    now = datetime.now(UTC)
    for number, (name, version) in enumerate(
        [("a", "1.9.0"), ("b", "1.10.0"), ("c", "1.2.0"), ("off", "1.5.0")]
    ):
        chart = new_chart(api, version, parsed_version=version)
        made = api.new_deployment(
            name=name,
            helm_chart_id=chart,
            enabled=name != "off",
            created_at=now + timedelta(seconds=number),
        )
        if name in "bc":
            when = now - timedelta(hours=number)
            api.new_task(made, execute_at=when, status="Done", finished_at=when)
    assert names(api["site"], sort=sort) == expected


def test_pages_follow_each_other(api: Installation) -> None:
    for number in range(7):
        api.new_deployment(name=f"n{number}")
    pages = [
        api["owner"].get(PATH, params={"page": page, "per_page": 3, "q": "webshop"}).json()
        for page in (1, 2, 3, 9)
    ]
    assert [[row["name"] for row in page["items"]] for page in pages] == [
        ["blue", "n0", "n1"],
        ["n2", "n3", "n4"],
        ["n5", "n6"],
        [],
    ]
    assert {page["num_total"] for page in pages} == {8}


def test_only_the_given_ids_are_read_again(api: Installation) -> None:
    green = api.new_deployment(name="green")
    api.new_deployment(name="teal")
    given = f"{green},{api.deployment},{api.far_deployment}"
    assert names(api["owner"], ids=given) == ["blue", "green"]
    assert names(api["site"], ids=given) == ["blue", "green", "red"]
    assert names(api["site"], ids="") == []


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"sort": "password"}, "sort"),
        ({"sort": "--name"}, "sort"),
        ({"ids": "1"}, "ids"),
        ({"ids": ",".join(["0b3bc7ae-bcd9-49c3-9a47-01f63d48da13"] * 1001)}, "ids"),
        ({"q": " ".join("abcdefghi")}, "q"),
        ({"q": "\0"}, "q"),
        ({"kind_id": "x"}, "kind_id"),
        ({"problem": "yes"}, "problem"),
        ({"page": "0"}, "page"),
    ],
)
def test_a_wrong_query_is_refused_by_name(api: Installation, query: dict[str, str], word: str) -> None:
    answer = api["owner"].get(PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"Query deserialize error: {word}")


def test_the_newest_chart_of_the_branch_is_offered(api: Installation) -> None:
    def made(tag: str, day: int, **values: Any) -> UUID:
        when = datetime(2024, 1, day, tzinfo=UTC)
        return new_chart(api, tag, created_at=when, **{"parsed_branch": "main", **values})

    used = made("5.0.0", 1)
    deployment = api.new_deployment(helm_chart_id=used)
    assert only(api["owner"], deployment)["newer_chart"] is None
    made("5.0.1", 2)
    newest = made("5.0.2", 3)
    made("5.0.3", 4, available=False)
    made("5.0.4", 5, error="values-ui.json can't be read")
    made("5.0.5", 6, parsed_branch="next")
    assert only(api["owner"], deployment)["newer_chart"]["id"] == str(newest)
    latest = api.new_deployment(helm_chart_id=newest)
    assert only(api["owner"], latest)["newer_chart"] is None


def test_the_url_is_the_one_of_the_ingress(api: Installation) -> None:
    api.execute("update k8s_clusters set ingress_domain = 'shops.test' where id = :id", id=api.cluster)
    expected = {
        0: None,
        1: "https://webshop-u1.shops.test/",
        2: None,
        3: "https://u3.shops.test/",
        4: None,
    }
    charts = [new_chart(api, f"6.{place}.0", features=features) for place, features in enumerate(FEATURES)]
    for number, chart in enumerate(charts):
        made = api.new_deployment(name=f"u{number}", helm_chart_id=chart)
        assert only(api["owner"], made)["url"] == expected[number]
    failed = api.new_deployment(name="failed", status="Error", helm_chart_id=charts[1])
    assert only(api["owner"], failed)["url"] is None  # nothing was ever installed
    off = api.new_deployment(name="off", enabled=False)
    assert only(api["owner"], off)["url"] is None
    assert only(api["site"], api.far_deployment)["url"] is None  # its cluster has no domain


def test_the_worst_problem_comes_first_and_says_why(api: Installation) -> None:
    away = api.new_cluster(api.here, is_ok=False, not_ok_reason="certificate expired")
    bad = api.new_deployment(
        away, status="Error", reason="no space left", reported_status=reported("danger", "The disk is full")
    )
    assert only(api["owner"], bad)["problems"] == [
        {"problem": "Failed", "reason": "no space left"},
        {"problem": "ClusterAway", "reason": "The cluster does not answer. certificate expired"},
        {"problem": "ReportedDanger", "reason": "The disk is full"},
    ]
    waiting = api.new_deployment(reported_status=reported("warning"))
    api.new_workload(waiting, name="web", status_color=["Success", "Danger"])
    api.new_workload(waiting, name="once", kind="Job", status_color=["Danger"])
    assert only(api["owner"], waiting)["problems"] == [
        {"problem": "NotReady", "reason": "Not all replicas are ready: web"},
        {"problem": "ReportedWarning", "reason": "Busy"},
    ]
