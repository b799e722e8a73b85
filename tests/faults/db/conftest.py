"""Fixtures of these tests: a database that is reached through a relay that can fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tcp_relay import Relay, relayed

from platz.db.database import Database


@pytest.fixture
def relay(database: Database) -> Iterator[Relay]:
    with relayed(database.address.host, database.address.port) as between:
        yield between


@pytest.fixture
def fragile(database: Database, relay: Relay) -> Iterator[Database]:
    """The test's database, reached through the relay."""
    limits = replace(database.limits, max_size=3, connection_timeout=0.3)
    behind = Database(replace(database.address, port=relay.port), limits, application_name="fragile")
    yield behind
    behind.close()
