"""An action is judged by the status that the deployment has when its task runs.

Source: docs/contract/workers.md, "InvokeAction"; docs/contract/chart-extensions.md, "Invoking an action".
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import text

from platz.changes.tasks import TaskRequest, create_task
from platz.identities import DeploymentId
from platz.observation.ingress import Answer, CallFailed, IngressCaller
from platz.tasks.operations import InvokeAction
from tests.integration.changes.world import World
from tests.integration.tasks.conftest import Installation
from tests.repairable_chart import ACTIONS, FEATURES, status_text


@dataclass
class Shop:
    """The application: says how it is (None: nothing), and remembers what it was told to do."""

    status: str | None = "Broken"
    called: list[str] = field(default_factory=list)

    def call(self, method: str, url: str, **_more: Any) -> Answer:
        if url.endswith("/repair"):
            self.called.append(method)
            return Answer(status=200, text="repaired")
        if self.status is None:
            raise CallFailed("It does not answer.")
        return Answer(status=200, text=status_text(self.status))


@pytest.fixture
def shop(platz: Installation) -> Shop:
    shop = Shop()
    platz.context = dataclasses.replace(platz.context, caller=cast("IngressCaller", shop))
    with platz.world.database.transaction() as connection:
        connection.execute(text("update k8s_clusters set ingress_domain = name || '.test'"))
        connection.execute(
            text("update helm_charts set actions_schema = :actions, features = :features"),
            {
                "actions": orjson.dumps(ACTIONS).decode(),
                "features": orjson.dumps(FEATURES).decode(),
            },
        )
    return shop


def request(world: World, deployment: DeploymentId, execute_at: datetime | None = None) -> None:
    invocation = InvokeAction(helm_chart_id=world.chart, action_id="repair", body={})
    wanted = TaskRequest(deployment_id=deployment, operation=invocation, execute_at=execute_at)
    world.do(create_task, world.admin, wanted, cipher=world.cipher)


def run(platz: Installation, deployment: DeploymentId) -> tuple[str, str]:
    platz.run(platz.world.cluster)
    tasks = platz.world.tasks(deployment, pending=False)
    [action] = [task for task in tasks if "InvokeAction" in task.operation]
    return action.status.value, action.reason


def test_a_scheduled_action_is_judged_when_it_is_due(platz: Installation, shop: Shop, name: str) -> None:
    deployment = platz.world.create(name)
    platz.run(platz.world.cluster)
    request(platz.world, deployment, datetime.now(UTC) - timedelta(seconds=1))
    shop.status = "Healthy"
    assert run(platz, deployment) == ("Failed", "Repair is not available while the status is Healthy")
    assert shop.called == []


def test_the_sample_that_counts_is_a_fresh_one(platz: Installation, shop: Shop, name: str) -> None:
    deployment = platz.world.create(name)
    platz.run(platz.world.cluster)
    old = {"timestamp": "2024-01-01T00:00:00Z", "get_successful": True, "error": None}
    healthy = old | {"content": {"status": {"name": "Healthy", "color": "success"}}}
    with platz.world.database.transaction() as connection:
        connection.execute(
            text("update deployments set reported_status = :said"), {"said": orjson.dumps(healthy).decode()}
        )
    request(platz.world, deployment, datetime.now(UTC) - timedelta(seconds=1))
    assert run(platz, deployment) == ("Done", "repaired")


@pytest.mark.parametrize("status", ["Broken", None])
def test_an_action_goes_on_where_nothing_forbids_it(
    platz: Installation, shop: Shop, name: str, status: str | None
) -> None:
    deployment = platz.world.create(name)
    platz.run(platz.world.cluster)
    request(platz.world, deployment)
    shop.status = status
    assert run(platz, deployment) == ("Done", "repaired")
    assert shop.called == ["POST"]
