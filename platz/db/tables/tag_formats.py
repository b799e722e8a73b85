"""Queries over `helm_tag_formats`.

Invariant: charts outlive the format that was applied to them (ON DELETE SET NULL).

Source: docs/contract/data-model.md, "Table helm_tag_formats".
"""

from __future__ import annotations

from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from platz.db import schema

TagFormatId = NewType("TagFormatId", UUID)

formats = schema.helm_tag_formats


def create(connection: Connection, pattern: str) -> TagFormatId:
    """Insert a format and return its id; a pattern that exists already is a unique violation."""
    statement = insert(formats).values(pattern=pattern).returning(formats.c.id)
    return TagFormatId(connection.execute(statement).scalar_one())


def lock(connection: Connection, format_id: TagFormatId) -> bool:
    """Lock the format until the transaction ends; return whether it exists."""
    statement = select(formats.c.id).where(formats.c.id == format_id).with_for_update()
    return connection.scalar(statement) is not None


def remove(connection: Connection, format_id: TagFormatId) -> None:
    """Delete the format."""
    connection.execute(delete(formats).where(formats.c.id == format_id))
