"""Which actors a process starts follows from its roles, and from what it could do in them."""

from __future__ import annotations

from typing import cast
from unittest.mock import MagicMock

import pytest
from structlog.testing import capture_logs

from platz.config import Role, Settings
from platz.wiring.children import child_specs
from platz.wiring.components import Components
from platz.wiring.web import Web

REAL = {"DATABASE_URL": "postgresql://platz@db/platz", "PLATZ_PRODUCTION": True}
QUEUE = {"PLATZ_ECR_EVENTS_QUEUE": "events", "PLATZ_ECR_EVENTS_REGION": "eu-west-1"}


def children(roles: str, **settings: str) -> list[str]:
    components = MagicMock()
    components.settings = Settings.model_validate({**REAL, "PLATZ_ROLES": roles, **settings})
    specs = child_specs(cast("Components", components), cast("Web", MagicMock()))
    return [child.name for child in specs]


def test_without_a_queue_everything_else_is_started_and_the_lack_is_told_once() -> None:
    roles = " ".join(Role)
    with capture_logs() as lines:
        without = children(roles)
    assert without == [name for name in children(roles, **QUEUE) if name != "chart-discovery"]
    (line,) = [line for line in lines if line["action"] == "configure"]
    assert line["log_level"] == "warning"
    assert line["event"].startswith("No charts are searched for: PLATZ_ECR_EVENTS_QUEUE")


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("api", ["database-listener", "http-gateway"]),
        (
            "clusters deploy track credentials",
            [
                "database-listener",
                "resource-tracker",
                "credential-refresher",
                "task-dispatcher",
                "cluster-discovery",
            ],
        ),
        ("status", ["database-listener", "status-poller"]),
        ("resources", ["database-listener", "resource-sync"]),
    ],
)
def test_each_of_the_older_executables_has_its_actors(roles: str, expected: list[str]) -> None:
    with capture_logs() as lines:
        assert children(roles) == expected
    assert lines == []
