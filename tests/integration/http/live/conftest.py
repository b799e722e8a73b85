"""A running server over a fresh world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from platz.db.database import Database
from tests.integration.access.access_world import AccessWorld, build
from tests.integration.http.live.live_server import LiveServer, serving


@pytest.fixture
def world(database: Database) -> AccessWorld:
    """Give two environments and one identity of every standing."""
    return build(database)


@pytest.fixture
def server(database: Database, world: AccessWorld) -> Iterator[LiveServer]:
    """Give a server that answers."""
    with serving(database) as running:
        yield running
