"""The credential refresher: one cluster that hangs is asked once, and delays no other.

Source: docs/contract/workers.md, "Credentials of deployments".
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from waiting import eventually

from platz.actors import credential_refresher
from platz.actors.actor import ActorContext
from platz.actors.credential_refresher import CredentialRefresher
from platz.actors.messages import ClusterServed, Tick
from platz.config import Role
from platz.db.database import Database
from platz.db.tables.lease_rows import Lease
from platz.identities import ClusterId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.observation.deployment_credentials import Credentials
from platz.tasks.context import ClusterNotServed


def served(cluster_id: ClusterId) -> ClusterServed:
    access = ClusterAccess(
        name="far", server="https://far.test", credentials=FixedCredential(credential=Credential())
    )
    lease = Lease(name="far", epoch=1)
    return ClusterServed(cluster_id=cluster_id, work=Role.CREDENTIALS, lease=lease, name="far", access=access)


@pytest.fixture
def refresher(actor_context: ActorContext, database: Database) -> Any:
    credentials = Credentials(tokens=None, own_url="https://platz.test/", lifetime=timedelta(hours=1))  # type: ignore[arg-type]
    options: dict[str, Any] = {"database": database, "kube": lambda id_: id_, "credentials": credentials}
    ref = CredentialRefresher.start(
        name="refresher", generation=0, actor_context=actor_context, every_seconds=3600.0, **options
    )
    assert not actor_context.actor_registry.wait_until_ready(["refresher"], seconds=10)
    return ref


def test_a_cluster_that_hangs_is_asked_once_and_delays_no_other(
    refresher: Any, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung, well = ClusterId(uuid4()), ClusterId(uuid4())
    gate, asked = threading.Event(), Counter[ClusterId]()

    def refresh(
        _database: Database, _client: Any, cluster_id: ClusterId, _credentials: Any
    ) -> dict[str, int]:
        asked[cluster_id] += 1
        if cluster_id == hung:
            assert gate.wait(20)
        return {}

    monkeypatch.setattr(credential_refresher, "refresh_cluster", refresh)
    for cluster_id in (hung, well):
        actor_context.event_bus.publish(served(cluster_id))
    for ticks in range(1, 6):
        eventually(lambda ticks=ticks: asked[well] == ticks)
        eventually(lambda: refresher._actor_weakref()._under_way == {hung})
        refresher.tell(Tick(name="refresh"))
    eventually(lambda: asked[well] == 6)
    assert asked[hung] == 1
    gate.set()


def test_a_cluster_that_was_dropped_meanwhile_ends_nothing(
    refresher: Any, actor_context: ActorContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def dropped(*_arguments: object) -> dict[str, int]:
        asked.set()
        raise ClusterNotServed

    monkeypatch.setattr(credential_refresher, "refresh_cluster", dropped)
    actor_context.event_bus.publish(served(ClusterId(uuid4())))
    assert asked.wait(10)
    eventually(lambda: not refresher._actor_weakref()._under_way)
    assert refresher.is_alive()
