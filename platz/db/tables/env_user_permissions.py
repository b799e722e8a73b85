"""Queries over `env_user_permissions`: one role for each user in an environment.

Source: docs/contract/data-model.md, "Table env_user_permissions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from platz.db import schema
from platz.db.enums import EnvUserRole
from platz.db.rows import columns_of, first_row
from platz.identities import EnvId, UserId

EnvUserPermissionId = NewType("EnvUserPermissionId", UUID)

permissions = schema.env_user_permissions


@dataclass(frozen=True, kw_only=True)
class EnvUserPermissionRow:
    """The columns of `env_user_permissions` that are read."""

    env_id: EnvId
    user_id: UserId


def create(
    connection: Connection, *, env_id: EnvId, user_id: UserId, role: EnvUserRole
) -> EnvUserPermissionId:
    """Grant the role; it is a unique violation when the user already has one in this environment."""
    statement = (
        insert(permissions).values(env_id=env_id, user_id=user_id, role=role).returning(permissions.c.id)
    )
    return EnvUserPermissionId(connection.execute(statement).scalar_one())


def lock(connection: Connection, permission_id: EnvUserPermissionId) -> EnvUserPermissionRow | None:
    """Lock the permission and read it; return None when there is no such permission."""
    columns = columns_of(permissions, EnvUserPermissionRow)
    query = select(*columns).where(permissions.c.id == permission_id).with_for_update()
    return first_row(connection, query, EnvUserPermissionRow)


def remove(connection: Connection, permission_id: EnvUserPermissionId) -> None:
    """Revoke the role."""
    connection.execute(delete(permissions).where(permissions.c.id == permission_id))
