"""Fixtures: a resource tracker that tracks a simulated cluster."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pykka
import pytest
from simulated_clusters import SimulatedClusters, simulated
from tcp_relay import relayed
from tracking import Tracking
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.actor_registry import ActorRegistry
from platz.actors.event_bus import EventBus
from platz.actors.messages import AccessDoubted, ReachabilityChanged
from platz.actors.resource_tracker import ResourceTracker
from platz.actors.served_clusters import ServedClusters
from platz.actors.timers import Timers
from platz.identities import DeploymentId
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.namespaces import delete_namespace, ensure_namespace
from platz.kube.reachability import Reachability
from tests.integration.changes.world import World

__all__ = ["simulated"]


@pytest.fixture
def actor_context() -> Iterator[ActorContext]:
    timers = Timers()
    timers.start()
    yield ActorContext(
        actor_registry=ActorRegistry(), event_bus=EventBus(), timers=timers, failed=lambda *_: None
    )
    timers.stop()
    pykka.ActorRegistry.stop_all(timeout=10)
    for thread in threading.enumerate():
        if thread.name.startswith("tracker"):  # it may still use the database
            thread.join(timeout=10)


@pytest.fixture
def tracking(
    database: object, simulated: SimulatedClusters, actor_context: ActorContext
) -> Iterator[Tracking]:
    world, direct = World.build(database), simulated.access["east"]  # type: ignore[arg-type]
    address = urlsplit(direct.server)
    assert address.hostname
    assert address.port
    with relayed(address.hostname, address.port) as relay:
        behind = address._replace(netloc=f"{address.hostname}:{relay.port}").geturl()
        access = dataclasses.replace(direct, server=behind)
        tracking = Tracking(world=world, relay=relay, access=access, actor_context=actor_context)
        wanted = {ReachabilityChanged, AccessDoubted}
        actor_context.event_bus.subscribe("heard", tracking.heard, messages=wanted, tables=None)  # type: ignore[arg-type]
        start: Callable[..., object] = ResourceTracker.start
        start(
            name="tracker",
            generation=0,
            actor_context=actor_context,
            database=world.database,
            kube=ServedClusters().client,
        )
        assert not actor_context.actor_registry.wait_until_ready(["tracker"], seconds=10)
        tracking.serve()
        eventually(lambda: tracking.heard.last_state() is Reachability.ANSWERING, seconds=10)
        yield tracking


@pytest.fixture
def deployment(tracking: Tracking, simulated: SimulatedClusters) -> Iterator[tuple[DeploymentId, str]]:
    """A deployment whose namespace exists in the tracked cluster."""
    name = f"agent-{uuid4().hex[:8]}"
    deployment_id = tracking.world.installed(name)
    client = KubeClient(simulated.access["east"])
    ensure_namespace(client, name=name, deployment_id=deployment_id)
    yield deployment_id, name
    delete_namespace(client, name=name)
    eventually(lambda: client.find(NAMESPACE, name=name) is None)
    client.abort()
