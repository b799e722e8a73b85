"""The poller asks each deployment at its address and its pace, and writes down what it says.

Source: docs/contract/workers.md, "Status polling".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text, update
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.status_poller import StatusPoller
from platz.db import schema
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.identities import DeploymentId
from platz.json import JsonValue
from platz.observation.ingress import Answer, CallFailed
from tests.integration.changes.world import World, features

OPEN = '{"status": {"name": "Open", "color": "success"}, "primary_metric": null}'
STATUS_FEATURE = {"endpoint": "standard_ingress", "path": "//status", "refresh_interval_secs": 1}


@dataclass
class Deployments:
    """What answers at the ingresses."""

    asked: list[str] = field(default_factory=list)
    answer: Callable[[], str] = lambda: OPEN
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, method: str, url: str, *, body: JsonValue, send_body: bool, seconds: float) -> Answer:
        assert (method, body, send_body, seconds) == ("GET", None, False, 10.0)
        with self.lock:
            self.asked.append(url)
        return Answer(status=200, text=self.answer())


@pytest.fixture
def ingresses() -> Deployments:
    return Deployments()


@pytest.fixture
def shop(database: Database) -> Iterator[tuple[World, DeploymentId]]:
    """A web shop that is installed and reports a status."""
    world = World.build(database)
    with database.transaction() as connection:
        connection.execute(
            update(schema.helm_charts)
            .where(schema.helm_charts.c.id == world.chart)
            .values(features=features(status=STATUS_FEATURE))
        )
        connection.execute(text("update k8s_clusters set ingress_domain = name || '.test'"))
    return world, world.installed("blue")


@pytest.fixture
def poll(
    actor_context: ActorContext, database: Database, ingresses: Deployments
) -> Iterator[Callable[[], None]]:
    leases = LeaseKeeper(database, lambda _: None)
    leases.start()

    def start() -> None:
        options: dict[str, Any] = {"leases": leases, "database": database, "caller": ingresses}
        StatusPoller.start(name="poller", generation=0, actor_context=actor_context, **options)
        assert not actor_context.actor_registry.wait_until_ready(["poller"], seconds=10)

    yield start
    leases.stop()


def reported(world: World, deployment_id: DeploymentId) -> Any:
    row = world.row(deployment_id)
    assert row is not None
    return row.reported_status


def test_what_a_deployment_reports_is_written_down(poll: Any, shop: Any, ingresses: Deployments) -> None:
    world, blue = shop
    poll()
    document = eventually(lambda: reported(world, blue))
    assert ingresses.asked[0] == "https://webshop-blue.blue.test/status"
    assert document["get_successful"] is True
    assert document["error"] is None
    assert document["content"] == {
        "status": {"name": "Open", "color": "success"},
        "primary_metric": None,
        "metrics": None,
        "notices": [],
    }


@pytest.mark.parametrize("answer", ["not json", '{"status": {"name": "Open"}}', "null"])
def test_an_answer_that_is_no_status_is_a_failed_sample(
    poll: Any, shop: Any, ingresses: Deployments, answer: str
) -> None:
    world, blue = shop
    ingresses.answer = lambda: answer
    poll()
    document = eventually(lambda: reported(world, blue))
    assert (document["get_successful"], document["content"]) == (False, None)
    assert document["error"]


def test_a_character_that_can_t_be_stored_is_replaced(poll: Any, shop: Any, ingresses: Deployments) -> None:
    world, blue = shop
    ingresses.answer = lambda: OPEN.replace("Open", r"O\u0000pen")
    poll()
    assert eventually(lambda: reported(world, blue))["content"]["status"]["name"] == "O\ufffdpen"


def test_a_deployment_that_does_not_answer_is_a_failed_sample(
    poll: Any, shop: Any, ingresses: Deployments
) -> None:
    world, blue = shop

    def refuse() -> str:
        raise CallFailed("GET https://webshop-blue.blue.test/status answered 503.")

    ingresses.answer = refuse
    poll()
    assert "answered 503" in eventually(lambda: reported(world, blue))["error"]


def test_its_own_writes_do_not_make_it_ask_again_before_time(
    poll: Any, shop: Any, ingresses: Deployments
) -> None:
    world, blue = shop
    poll()
    eventually(lambda: reported(world, blue))
    world.update(blue, description_md="changed")
    other = world.installed("green")
    eventually(lambda: reported(world, other))
    assert ingresses.asked.count("https://webshop-blue.blue.test/status") == 1  # the pace is 15 s at least


def test_a_disabled_deployment_is_not_asked_and_reports_nothing(
    poll: Any, shop: Any, ingresses: Deployments
) -> None:
    world, blue = shop
    poll()
    eventually(lambda: reported(world, blue))
    world.update(blue, enabled=False)
    eventually(lambda: reported(world, blue) is None)


def test_a_new_address_is_asked_at_once(
    poll: Any, shop: Any, ingresses: Deployments, database: Database
) -> None:
    world, blue = shop
    poll()
    eventually(lambda: reported(world, blue))
    with database.transaction() as connection:
        connection.execute(text("update k8s_clusters set ingress_domain = 'moved-' || name || '.test'"))
    eventually(lambda: "https://webshop-blue.moved-blue.test/status" in ingresses.asked)
