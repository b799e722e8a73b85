"""The poller asks each deployment at its address and its pace, and writes down what it says.

Source: docs/contract/workers.md, "Status polling".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text, update
from waiting import eventually

from platz.actors import status_poller
from platz.actors.actor import ActorContext
from platz.actors.status_poller import StatusPoller
from platz.actors.timers import Timer
from platz.db import schema
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.identities import DeploymentId
from platz.json import JsonValue
from platz.observation import status_polls
from platz.observation.ingress import Answer, CallFailed
from tests.integration.changes.world import World, features

OPEN = '{"status": {"name": "Open", "color": "success"}, "primary_metric": null}'
STATUS_FEATURE = {"endpoint": "standard_ingress", "path": "//status", "refresh_interval_secs": 1}


@dataclass
class Deployments:
    """What answers at the ingresses."""

    asked: list[str] = field(default_factory=list)
    answer: Callable[[], str] = lambda: OPEN
    hangs: Callable[[str], bool] = lambda _url: False
    let_go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, method: str, url: str, *, body: JsonValue, send_body: bool, seconds: float) -> Answer:
        assert (method, body, send_body, seconds) == ("GET", None, False, 10.0)
        with self.lock:
            self.asked.append(url)
        if self.hangs(url):
            self.let_go.wait(30)
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


def test_an_address_that_comes_back_while_it_is_asked_is_polled_at_one_pace(
    poll: Any, shop: Any, ingresses: Deployments, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_polls: list[Timer] = []
    after = StatusPoller.after

    def remember(poller: StatusPoller, message: object, *, seconds: float) -> Timer:
        timer = after(poller, message, seconds=seconds)
        if seconds:
            next_polls.append(timer)
        return timer

    def move(domain: str) -> None:
        with database.transaction() as connection:
            connection.execute(text(f"update k8s_clusters set ingress_domain = {domain}"))

    monkeypatch.setattr(StatusPoller, "after", remember)
    ingresses.hangs = lambda _url: True
    poll()
    eventually(lambda: ingresses.asked)
    move("'moved-' || name || '.test'")
    eventually(lambda: "https://webshop-blue.moved-blue.test/status" in ingresses.asked)
    move("name || '.test'")
    eventually(lambda: ingresses.asked.count("https://webshop-blue.blue.test/status") == 2)
    ingresses.let_go.set()
    eventually(lambda: len(next_polls) == 2)
    assert [timer.cancelled for timer in next_polls] == [True, False]


def test_deployments_that_hang_hold_up_none_of_another_cluster(
    poll: Any, shop: Any, ingresses: Deployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_poller, "MAX_POLLS_IN_A_CLUSTER", 2)
    world, blue = shop
    hanging = [blue, *(world.installed(f"hanging-{number}") for number in range(5))]
    healthy = world.installed("healthy", cluster_id=world.second_cluster)
    ingresses.hangs = lambda url: ".blue." in url
    poll()
    assert eventually(lambda: reported(world, healthy))["get_successful"] is True
    assert len([url for url in ingresses.asked if ".blue." in url]) <= 2
    ingresses.let_go.set()
    eventually(lambda: all(reported(world, each) for each in hanging))


def test_deployments_that_hang_again_and_again_hold_up_none_of_their_own_cluster(
    poll: Any, shop: Any, ingresses: Deployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were slow before share threads of their own."""
    monkeypatch.setattr(status_poller, "MAX_POLLS_IN_A_CLUSTER", 2)
    monkeypatch.setattr(status_poller, "MAX_SLOW_POLLS_IN_A_CLUSTER", 1)
    monkeypatch.setattr(status_poller, "SLOW_SECONDS", 0.05)
    monkeypatch.setattr(status_polls, "MIN_INTERVAL_SECONDS", 0)
    world, blue = shop
    slow = [world.installed(f"slow-{number}") for number in range(3)]
    ingresses.hangs = lambda url: "slow" in url
    pause = threading.Event()
    monkeypatch.setattr(ingresses.let_go, "wait", lambda _seconds: pause.wait(0.1))
    poll()
    eventually(
        lambda: all(
            ingresses.asked.count(f"https://webshop-slow-{n}.blue.test/status") >= 2 for n in range(3)
        )
    )
    monkeypatch.setattr(ingresses.let_go, "wait", lambda _seconds: pause.wait(30))  # from now on they hang
    before = ingresses.asked.count("https://webshop-blue.blue.test/status")
    eventually(
        lambda: ingresses.asked.count("https://webshop-blue.blue.test/status") >= before + 3, seconds=20
    )
    assert reported(world, blue)["get_successful"] is True
    said = [reported(world, each)["timestamp"] for each in slow]
    pause.set()
    eventually(lambda: all(reported(world, each)["timestamp"] not in said for each in slow))


def test_the_pace_is_counted_from_the_beginning_of_each_poll(
    poll: Any, shop: Any, ingresses: Deployments, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, blue = shop
    planned: list[float] = []
    schedule = StatusPoller._schedule

    def remember(poller: StatusPoller, poll: Any, seconds: float) -> None:
        planned.append(seconds)
        schedule(poller, poll, seconds)

    monkeypatch.setattr(StatusPoller, "_schedule", remember)
    ingresses.hangs = lambda _url: True
    poll()
    eventually(lambda: ingresses.asked)
    asked_at = time.monotonic()
    eventually(lambda: time.monotonic() > asked_at + 0.2)
    ingresses.let_go.set()
    eventually(lambda: reported(world, blue))
    eventually(lambda: len(planned) == 2)
    assert planned[0] == 0
    assert 0 < planned[1] <= 15 - 0.2
