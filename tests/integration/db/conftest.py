"""An empty database, and a small world in a migrated one."""

from __future__ import annotations

import pytest
from database import empty_database

from platz.db.database import Database
from tests.integration.changes.world import World

__all__ = ["empty_database"]


@pytest.fixture
def world(database: Database) -> World:
    """Give a fresh world."""
    return World.build(database)
