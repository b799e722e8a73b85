"""The API over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from http_client import Installation, installation

from platz.db.database import Database


@pytest.fixture
def api(database: Database) -> Iterator[Installation]:
    """Give an installation that only this test sees."""
    with installation(database) as made:
        yield made
