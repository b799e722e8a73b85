"""Queries over `secrets`.

Invariant: `contents` is read and written here as it is stored, encrypted; callers encrypt and decrypt it.

Source: docs/contract/data-model.md, "Table secrets".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from platz.db import schema
from platz.db.rows import first_row
from platz.identities import EnvId

SecretId = NewType("SecretId", UUID)

secrets = schema.secrets


@dataclass(frozen=True, kw_only=True)
class SecretRow:
    """One row of `secrets`."""

    id: SecretId
    created_at: datetime
    updated_at: datetime
    env_id: EnvId
    collection: str
    name: str
    contents: str = field(repr=False)


def get(connection: Connection, secret_id: SecretId) -> SecretRow | None:
    """Return the secret, or None."""
    return first_row(connection, select(secrets).where(secrets.c.id == secret_id), SecretRow)


def lock(connection: Connection, secret_id: SecretId) -> SecretRow | None:
    """Lock the secret and read its present state; return None when there is no such secret."""
    return first_row(
        connection, select(secrets).where(secrets.c.id == secret_id).with_for_update(), SecretRow
    )


def insert_new(
    connection: Connection, *, env_id: EnvId, collection: str, name: str, contents: str
) -> SecretId:
    """Insert a secret with encrypted ``contents``; a name that is taken is a unique violation."""
    statement = (
        insert(secrets)
        .values(env_id=env_id, collection=collection, name=name, contents=contents)
        .returning(secrets.c.id)
    )
    return SecretId(connection.scalars(statement).one())


def save(connection: Connection, secret_id: SecretId, changes: Mapping[str, Any]) -> None:
    """Write the given columns (maybe none), and set `updated_at`."""
    values = {**changes, "updated_at": func.clock_timestamp()}
    connection.execute(update(secrets).where(secrets.c.id == secret_id).values(**values))


def remove(connection: Connection, secret_id: SecretId) -> None:
    """Delete the secret."""
    connection.execute(delete(secrets).where(secrets.c.id == secret_id))
