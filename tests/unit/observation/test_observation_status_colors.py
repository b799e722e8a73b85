"""The dots of a workload (docs/contract/workers.md, "Workload rows")."""

from __future__ import annotations

import pytest

from platz.json import JsonValue
from platz.observation.workloads import MAX_DOTS, status_colors


@pytest.mark.parametrize(
    ("kind", "status", "colors"),
    [
        ("Deployment", {"availableReplicas": 2, "unavailableReplicas": 1}, ["Success", "Success", "Danger"]),
        ("Deployment", {}, []),
        ("StatefulSet", {"replicas": 3, "readyReplicas": 1}, ["Success", "Danger", "Danger"]),
        ("StatefulSet", {"replicas": 1, "readyReplicas": 2}, ["Success", "Success"]),
        ("Job", {"active": 1, "failed": 2}, ["Primary", "Danger", "Danger"]),
        ("Job", {"succeeded": 1, "failed": 1, "active": 1}, ["Primary", "Success", "Danger"]),
        ("DaemonSet", {"desiredNumberScheduled": 3, "numberAvailable": 2}, ["Success", "Success", "Danger"]),
        ("DaemonSet", {"desiredNumberScheduled": 0, "numberMisscheduled": 1}, []),
        ("CronJob", {"active": [{"name": "a"}, {"name": "b"}]}, ["Primary", "Primary"]),
        ("CronJob", {}, []),
        ("CronJob", {"active": "broken", "lastScheduleTime": 5}, []),
        ("CronJob", {"lastScheduleTime": "2026-01-02T00:00:00Z"}, ["Danger"]),
        (
            "CronJob",
            {"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-02T00:01:00Z"},
            ["Success"],
        ),
        (
            "CronJob",
            {"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:01:00Z"},
            ["Danger"],
        ),
        ("Deployment", None, []),
        ("Deployment", "broken", []),
        ("Deployment", {"availableReplicas": "many"}, []),
        ("Deployment", {"availableReplicas": -1}, []),
    ],
)
def test_colors_by_kind(kind: str, status: JsonValue, colors: list[str]) -> None:
    assert status_colors(kind, status) == colors


def test_a_huge_number_of_replicas_does_not_fill_the_memory() -> None:
    assert len(status_colors("Deployment", {"availableReplicas": 10**9})) == MAX_DOTS
