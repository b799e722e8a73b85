"""The operational endpoints: to the letter of docs/contract/http-api.md, "Operational endpoints", and with a
database that is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.errors import Retryable
from platz.http.database_counts import DatabaseCounts, exposition
from platz.http.health import Readiness
from tests.integration.access.access_world import AccessWorld
from tests.integration.http.live.live_server import LiveServer

POOL = {
    "connections", "idle_connections", "get_direct", "get_waited", "get_timed_out", "get_wait_time_ms",
    "connections_created", "connections_closed_broken", "connections_closed_invalid",
    "connections_closed_max_lifetime", "connections_closed_idle_timeout",
}  # fmt: skip


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def gone() -> Database:
    return Database(DatabaseAddress(host="127.0.0.1", port=1, database="none", user="nobody"))


@pytest.mark.parametrize("path", ["/status", "/healthz"])
def test_the_process_says_that_it_is_up(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.text) == (200, '"ok"')
    assert answer.headers["content-type"] == "application/json"


def test_a_server_that_can_work_is_ready(http: httpx.Client) -> None:
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "stopping": False, "dependencies": {"database": {"ok": True}}},
    )


def test_a_server_that_stops_is_not_ready(server: LiveServer, http: httpx.Client) -> None:
    assert http.get("/readyz").status_code == 200
    server.readiness.begin_shutdown()
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["stopping"]) == (503, True)
    assert http.get("/status").status_code == 200


def test_a_failing_dependency_is_named_with_its_reason() -> None:
    def fail() -> None:
        raise Retryable("It is down.")

    ready, report = Readiness({"database": fail, "clusters": lambda: None}).report()
    assert not ready
    assert report["dependencies"] == {
        "database": {"ok": False, "reason": "It is down."},
        "clusters": {"ok": True},
    }


def test_dependencies_are_not_asked_more_than_once_a_second() -> None:
    asked, time = [], [0.0]
    readiness = Readiness({"database": lambda: asked.append(1)}, clock=lambda: time[0])
    for moment in (0, 0.5, 0.9, 1.1):
        time[0] = moment
        readiness.report()
    assert len(asked) == 2


def test_every_task_status_is_there(http: httpx.Client) -> None:
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = samples(answer.text)
    for status in ("Pending", "Started", "Failed", "Canceled", "Done"):
        assert found["platz_deployment_task_status_counter", frozenset({("task_status", status)})] == 0


def test_kinds_with_deployments_have_every_combination(http: httpx.Client, world: AccessWorld) -> None:
    found = samples(http.get("/metrics").text)
    name = "platz_deployment_status_counter"
    combinations = {labels: value for (metric, labels), value in found.items() if metric == name}
    statuses, clusters, kinds = 9, 3, 1
    assert len(combinations) == statuses * clusters * kinds
    assert sum(combinations.values()) == 2
    assert {dict(labels)["deployment_status"] for labels, value in combinations.items() if value} == {
        "Unknown"
    }


def test_the_pool_is_measured(http: httpx.Client) -> None:
    found = {name for name, _ in samples(http.get("/metrics").text)}
    assert {f"platz_db_pool_{name}" for name in POOL} <= found


def test_the_contracts_metrics_are_gauges(http: httpx.Client) -> None:
    contract = {f"platz_db_pool_{name}" for name in POOL} | {
        "platz_deployment_task_status_counter",
    }
    families = {each.name: each.type for each in text_string_to_metric_families(http.get("/metrics").text)}
    assert {families[name] for name in contract} == {"gauge"}


def test_requests_are_counted_by_route(http: httpx.Client) -> None:
    http.get("/api/v2/server")
    found = samples(http.get("/metrics").text)
    labels = frozenset({("method", "GET"), ("route", "/api/v2/server"), ("status", "200")})
    assert found["platz_http_requests_total", labels] >= 1


def test_the_database_is_asked_at_most_every_few_seconds(database: Database) -> None:
    time = [0.0]
    figures = DatabaseCounts(database, max_age=5, clock=lambda: time[0])
    exposition(figures)
    before = database.pool_statistics().get_direct
    time[0] = 4.9
    exposition(figures)
    assert database.pool_statistics().get_direct == before
    time[0] = 5.0
    exposition(figures)
    assert database.pool_statistics().get_direct == before + 1


def test_while_the_database_does_not_answer_the_last_figures_are_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Never:
        raise Retryable

    time = [0.0]
    figures = DatabaseCounts(database, max_age=5, clock=lambda: time[0])
    exposition(figures)
    monkeypatch.setattr(database, "reading", refuse)
    time[0] = 5.0
    found = samples(exposition(figures).decode())
    assert found["platz_deployment_task_status_counter", frozenset({("task_status", "Done")})] == 0


def test_a_count_that_takes_long_holds_up_no_scrape(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    time = [0.0]
    figures = DatabaseCounts(database, max_age=5, timeout=10, clock=lambda: time[0])
    exposition(figures)

    @contextmanager
    def hanging() -> Iterator[Never]:
        hangs.wait(10)
        raise Retryable
        yield

    monkeypatch.setattr(database, "reading", hanging)
    monkeypatch.setattr(figures, "_timeout", 0)
    time[0] = 5.0
    found = {name for name, _ in samples(exposition(figures).decode())}
    hangs.set()
    assert "platz_deployment_task_status_counter" in found


def test_without_a_database_the_other_metrics_are_still_told() -> None:
    database = gone()
    text = exposition(DatabaseCounts(database)).decode()
    database.close()
    found = {name for name, _ in samples(text)}
    assert "platz_db_pool_connections" in found
    assert "platz_live_clients" in found
    assert "platz_deployment_task_status_counter" not in found
