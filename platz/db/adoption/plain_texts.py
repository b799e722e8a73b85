"""Plain secrets of the former server that look like encrypted ones."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from platz.db.encryption import PLAIN_PREFIX, PREFIX, mark_plain
from platz.db.schema import secrets, settings


def mark_plain_texts(connection: Connection) -> int:
    """Mark the texts that start like encrypted ones as plain: that server encrypted nothing. Return their number."""
    marked = 0
    for column in (secrets.c.contents, settings.c.value):
        table = column.table
        looks_encrypted = column.startswith(PREFIX) | column.startswith(PLAIN_PREFIX)
        for row_id, text in connection.execute(select(table.c.id, column).where(looks_encrypted)).all():
            statement = update(table).where(table.c.id == row_id).values({column: mark_plain(text)})
            marked += connection.execute(statement).rowcount
    return marked
