"""A fresh world of identities for each test."""

from __future__ import annotations

import pytest

from platz.db.database import Database
from tests.integration.access.access_world import AccessWorld, build


@pytest.fixture
def world(database: Database) -> AccessWorld:
    """Give two environments and one identity of every standing."""
    return build(database)
