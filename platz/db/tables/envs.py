"""Queries over `envs`.

Source: docs/contract/data-model.md, "Table envs".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from platz.db import schema
from platz.db.enums import EnvUserRole
from platz.db.rows import columns_of, first_row
from platz.identities import EnvId, UserId
from platz.json import JsonValue

envs = schema.envs


@dataclass(frozen=True, kw_only=True)
class EnvRow:
    """The columns of `envs` that are read."""

    id: EnvId
    name: str
    node_selector: JsonValue
    tolerations: JsonValue


def get(connection: Connection, env_id: EnvId) -> EnvRow | None:
    """Return the environment, or None."""
    return first_row(connection, select(*columns_of(envs, EnvRow)).where(envs.c.id == env_id), EnvRow)


def id_of(connection: Connection, name: str) -> EnvId | None:
    """Return the environment with this name, in any letter case, or None."""
    found: UUID | None = connection.scalar(select(envs.c.id).where(func.lower(envs.c.name) == name.lower()))
    return None if found is None else EnvId(found)


def lock(connection: Connection, env_id: EnvId, *, exclusive: bool = False) -> bool:
    """Lock the environment; return whether it exists.

    ``exclusive`` also keeps new clusters, secrets and permissions out of it.
    """
    query = select(envs.c.id).where(envs.c.id == env_id).with_for_update(key_share=not exclusive)
    return connection.scalar(query) is not None


def insert_new(connection: Connection, *, name: str, auto_add_new_users: bool) -> EnvId:
    """Insert an environment and return its id; a name that is taken is a unique violation."""
    statement = insert(envs).values(name=name, auto_add_new_users=auto_add_new_users).returning(envs.c.id)
    return EnvId(connection.scalars(statement).one())


def add_member(connection: Connection, env_id: EnvId, user_id: UserId, role: EnvUserRole) -> None:
    """Give a user a role in the environment."""
    statement = insert(schema.env_user_permissions).values(env_id=env_id, user_id=user_id, role=role)
    connection.execute(statement)


def save(connection: Connection, env_id: EnvId, changes: Mapping[str, Any]) -> None:
    """Write the given columns; do nothing when there are none."""
    if changes:
        connection.execute(update(envs).where(envs.c.id == env_id).values(**changes))


def remove(connection: Connection, env_id: EnvId) -> None:
    """Delete the environment; its permissions, secrets and own resource types are deleted by cascade."""
    connection.execute(delete(envs).where(envs.c.id == env_id))
