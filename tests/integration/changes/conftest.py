"""A small world: environments with clusters, a kind with charts, and people with every role."""

from __future__ import annotations

import pytest

from platz.db.database import Database
from tests.integration.changes.world import World


@pytest.fixture
def world(database: Database) -> World:
    """Give a fresh world."""
    return World.build(database)
