"""How Alembic runs: inside the connection and the transaction that `platz.db.migrations` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from platz.db.schema import metadata

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)  # noqa: S101 - only platz.db.migrations runs this file
context.configure(connection=connection, target_metadata=metadata)
context.run_migrations()
