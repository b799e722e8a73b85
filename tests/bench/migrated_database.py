"""A database of a server of its own, for benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from database import free_port

from platz.db.database import Database
from platz.db.migrations import migrate
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres


@contextmanager
def migrated_database(*, durable: bool) -> Iterator[Database]:
    """Give an empty database with Platz's tables; a ``durable`` one keeps what is written when its server is killed."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", free_port(), durable=durable)
        server.start()
        try:
            database = Database(server.address)
            migrate(database)
            yield database
            database.close()
        finally:
            server.stop()
