"""Fixtures: a scripted API server, and clients for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from scripted_server import ScriptedServer

from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.transport import KubeTimeouts


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    started = ScriptedServer()
    yield started
    started.close()


@pytest.fixture
def connect(server: ScriptedServer) -> Iterator[Callable[..., KubeClient]]:
    clients: list[KubeClient] = []

    def connect(*, read: float = 5.0, url: str | None = None) -> KubeClient:
        access = ClusterAccess(
            name="east",
            server=url or server.url,
            credentials=FixedCredential(credential=Credential(token="very-secret-token")),
        )
        clients.append(KubeClient(access, timeouts=KubeTimeouts(connect=1.0, read=read)))
        return clients[-1]

    yield connect
    for client in clients:
        client.abort()
        client.abort()


@pytest.fixture
def client(connect: Callable[..., KubeClient]) -> KubeClient:
    return connect()
