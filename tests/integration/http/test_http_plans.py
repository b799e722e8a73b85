"""At 100,000 tasks and 10,000 deployments, every list takes its page from an index in the list's own order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from http_client import Installation, installation

from platz.db.database import Database
from platz.db.lists.catalogue import DEPLOYMENT_TASKS, DEPLOYMENTS, HELM_CHARTS
from platz.db.lists.reading import Collection, page_statement


@pytest.fixture(scope="module")
def large(postgres: Any) -> Iterator[Installation]:
    """Half of the deployments here, half there; ten tasks for each."""
    from database import QUICK, TEMPLATE

    database = Database(postgres.create("large", template=TEMPLATE), QUICK, application_name="tests")
    with installation(database) as made:
        fill(made)
        yield made
    database.close()
    postgres.drop("large")


def fill(api: Installation) -> None:
    with api.database.dedicated() as connection:
        connection.execute("set session_replication_role = replica")  # no change events for so many rows
        connection.execute(
            "insert into deployments (name, kind_id, cluster_id, helm_chart_id, status)"
            " select 'd' || n, %s, case when n %% 2 = 0 then %s else %s end, %s, 'Running'"
            " from generate_series(1, 10000) n",
            (api.kind, api.cluster, api.far_cluster, api.chart),
        )
        connection.execute(
            "insert into deployment_tasks (deployment_id, cluster_id, operation, status, acting_user_id, execute_at,"
            " created_at, finished_at) select d.id, d.cluster_id, '{\"Uninstall\": {}}', 'Done', %s, at, at, at"
            " from deployments d, generate_series(now() - interval '10 days', now() - interval '1 day', '1 day') at",
            (api.id_of("site"),),
        )
        connection.execute("vacuum analyze deployments, deployment_tasks, k8s_clusters, helm_charts")


def plan(api: Installation, collection: Collection, *, scoped: bool, **filters: Any) -> str:
    """The plan of the page (the total must count what it counts)."""
    statement = page_statement(collection, tuple(filters), scoped=scoped)
    bound = {
        "page": 1,
        "per_page": 50,
        "skipped": 0,
        "seen": [api.here],
        "everything": not scoped,
        "caller": None,
    }
    bound |= {f"filter_{name}": value for name, value in filters.items()}
    with api.database.dedicated() as connection:
        rows = connection.execute(f"explain (costs off) {statement}", bound).fetchall()
    lines = [row[0] for row in rows]
    total = next(number for number, line in enumerate(lines) if number > 2 and line.startswith("  InitPlan"))
    page, rest = "\n".join(lines[:total]), "\n".join(lines[total:])
    told = page if "Limit" in page else rest
    assert "Limit" in told
    print(told)  # `pytest -s` shows the plans
    return told


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize(
    ("collection", "index", "filters"),
    [
        (DEPLOYMENT_TASKS, "deployment_tasks_history", {}),
        (DEPLOYMENT_TASKS, "deployment_tasks_deployment_history", {"deployment_id": "deployment"}),
        (DEPLOYMENT_TASKS, "deployment_tasks_active", {"active_only": True, "deployment_id": "deployment"}),
        (DEPLOYMENT_TASKS, "deployment_tasks_created_at", {"created_from": datetime(2999, 1, 1, tzinfo=UTC)}),
        (DEPLOYMENTS, "deployments_created_at", {}),
        (HELM_CHARTS, None, {"in_use": True}),
    ],
    ids=["tasks", "tasks-of-a-deployment", "active-tasks", "tasks-since", "deployments", "charts-in-use"],
)
def test_a_page_comes_from_an_index(
    large: Installation, collection: Collection, index: str | None, filters: dict[str, Any], scoped: bool
) -> None:
    bound = {name: large.deployment if value == "deployment" else value for name, value in filters.items()}
    told = plan(large, collection, scoped=scoped and collection.scope is not None, **bound)
    if index is not None:
        assert f"using {index}" in told or f"on {index}" in told, told
    for table in ("deployments", "deployment_tasks"):
        assert f"Seq Scan on {table} item" not in told, told


def test_a_late_page_is_read_without_building_what_it_skips(large: Installation) -> None:
    body = large["user"].get("/deployments?page=100&per_page=50").json()
    assert len(body["items"]) == 50
    assert body["num_total"] == 5001
