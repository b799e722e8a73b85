"""A running server over a fresh world."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from platz.db.database import Database
from tests.integration.access.access_world import AccessWorld, build
from tests.integration.http.live.live_server import LiveServer, serving


@pytest.fixture
def world(database: Database) -> AccessWorld:
    """Give two environments and one identity of every standing."""
    return build(database)


@pytest.fixture
def server(database: Database) -> Iterator[LiveServer]:
    """Give a server that answers."""
    with serving(database) as running:
        yield running


@pytest.fixture
def http(server: LiveServer) -> Iterator[httpx.Client]:
    """Give a client of that server."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client
