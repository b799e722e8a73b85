"""Resource sync calls each waiting hook, and writes down how it ended.

Source: docs/contract/workers.md, "Resource sync".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from waiting import eventually

from platz.actors import resource_sync
from platz.actors.actor import ActorContext
from platz.actors.resource_sync import ResourceSync
from platz.db.database import Database
from platz.db.leases import LeaseKeeper
from platz.db.unreachable import DatabaseUnavailable
from platz.identities import DeploymentId
from platz.json import JsonValue
from platz.observation.ingress import Answer, CallFailed
from tests.integration.changes.world import World

HOOK = {"target": {"endpoint": "standard_ingress", "path": "/campaigns", "method": "POST"}}


@dataclass
class Manager:
    """The deployment that manages the resources: remembers the calls, and answers what the test says."""

    calls: list[tuple[str, str, JsonValue]] = field(default_factory=list)
    answer: Callable[[], str] = lambda: ""

    def call(
        self,
        method: str,
        url: str,
        *,
        body: JsonValue,
        send_body: bool,
        seconds: float,
        secrets: Iterable[str],
    ) -> Answer:
        assert (send_body, seconds) == (True, 60.0)
        self.calls.append((method, url, body))
        return Answer(status=200, text=self.answer())


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def shop(world: World) -> DeploymentId:
    with world.database.transaction() as connection:
        connection.execute(text("update k8s_clusters set ingress_domain = name || '.test'"))
    return world.installed("blue")


@pytest.fixture
def sync(
    actor_context: ActorContext, database: Database, world: World, manager: Manager
) -> Iterator[Callable[[], None]]:
    leases = LeaseKeeper(database, lambda _: None)
    leases.start()

    def start() -> None:
        options: dict[str, Any] = {
            "leases": leases,
            "database": database,
            "caller": manager,
            "cipher": world.cipher,
        }
        ResourceSync.start(name="sync", generation=0, actor_context=actor_context, **options)
        assert not actor_context.actor_registry.wait_until_ready(["sync"], seconds=10)

    yield start
    leases.stop()


def campaign(world: World, shop: DeploymentId, name: str = "spring") -> UUID:
    with world.making() as making:
        campaigns = making.resource_type(world.kind, "campaign", world.env, lifecycle={"create": HOOK})
        return making.resource(campaigns, shop, name, sync_status="Creating")


def outcomes(world: World) -> Sequence[tuple[str, str | None]]:
    with world.database.reading() as connection:
        rows = connection.execute(text("select sync_status, sync_reason from deployment_resources"))
        return [(status, reason) for status, reason in rows]


def test_the_whole_row_is_sent_and_the_resource_is_ready(
    sync: Any, world: World, shop: DeploymentId, manager: Manager
) -> None:
    resource = campaign(world, shop)
    sync()
    eventually(lambda: outcomes(world) == [("Ready", None)])
    [(method, url, body)] = manager.calls
    assert (method, url) == ("POST", "https://webshop-blue.blue.test/campaigns")
    assert isinstance(body, dict)
    assert (body["id"], body["sync_status"]) == (str(resource), "Creating")


def test_a_refusal_is_the_reason_whatever_characters_it_holds(
    sync: Any, world: World, shop: DeploymentId, manager: Manager
) -> None:
    def refuse() -> str:
        raise CallFailed("It answered 500. a\0b")

    manager.answer = refuse
    campaign(world, shop)
    sync()
    eventually(lambda: outcomes(world) == [("Error", "It answered 500. a\ufffdb")])


def test_a_database_that_is_away_makes_the_hook_be_called_again(
    sync: Any, world: World, shop: DeploymentId, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchronise = resource_sync.synchronise
    away = threading.Event()

    def once_away(*arguments: Any) -> None:
        if not away.is_set():
            away.set()
            raise DatabaseUnavailable
        synchronise(*arguments)

    monkeypatch.setattr(resource_sync, "synchronise", once_away)
    campaign(world, shop)
    sync()
    eventually(lambda: outcomes(world) == [("Ready", None)])
