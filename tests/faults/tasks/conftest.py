"""Fixtures: a deployment's tasks with real Helm on a simulated cluster, behind a relay that can be cut."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from chart_package import package
from claims import new_claim
from simulated_clusters import SimulatedClusters, east, simulated
from tcp_relay import Relay, relayed
from workshop import Host, Workshop

from platz import boot_clock
from platz.access.tokens import Tokens
from platz.charts.documents.features import OutsideChanges
from platz.db.database import Database
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.kube.client import KubeClient
from platz.observation.deployment_credentials import Credentials
from platz.tasks.context import OperationContext
from tests.integration.changes.world import World

__all__ = ["east", "simulated"]

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {text: small}\n"


@dataclass(frozen=True)
class Archives:
    """Packages the chart anew for each task."""

    folder: Path
    templates: dict[str, str]

    def fetch(self, _registry: object, _chart: object) -> Path:
        return package(self.folder, self.templates)


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelmProcesses]:
    setup = HelmSetup(folder=tmp_path_factory.mktemp("helm"), environment=os.environ)
    processes = HelmProcesses(setup, HelmLimits(grace_seconds=2.0, memory_bytes=384 * 1024 * 1024))
    processes.start()
    yield processes
    processes.close()


@pytest.fixture
def relay(simulated: SimulatedClusters) -> Iterator[Relay]:
    address = urlsplit(simulated.access["east"].server)
    assert address.hostname
    assert address.port
    with relayed(address.hostname, address.port) as relay:
        yield relay


@pytest.fixture
def through_relay(simulated: SimulatedClusters, relay: Relay) -> Iterator[KubeClient]:
    direct = simulated.access["east"]
    address = urlsplit(direct.server)
    relayed_address = address._replace(netloc=f"{address.hostname}:{relay.port}").geturl()
    client = KubeClient(dataclasses.replace(direct, server=relayed_address))
    yield client
    client.abort()


@pytest.fixture
def workshop(
    database: Database, helm: HelmProcesses, relay: Relay, through_relay: KubeClient, tmp_path: Path
) -> Workshop:
    world, host, templates = World.build(database), Host(), {"config.yaml": CONFIG}
    credentials = Credentials(
        tokens=Tokens(lambda: "a" * 64), own_url="http://platz.test/", lifetime=timedelta(hours=1)
    )
    context = OperationContext(
        database=database,
        kube=lambda _cluster_id: through_relay,
        helm=helm,
        archives=cast("Any", Archives(tmp_path, templates)),
        caller=cast("Any", None),
        credentials=credentials,
        cipher=world.cipher,
        outside_changes=OutsideChanges.TAKE_OVER,
        helm_timeout=timedelta(seconds=60),
        host=host,
        claim=new_claim(database),
        safe_until=lambda _lease: boot_clock.now() + 60,
    )
    return Workshop(
        world=world, relay=relay, client=through_relay, host=host, context=context, templates=templates
    )
