"""Queries over `deployment_permissions`: one role for each user and kind in an environment.

Source: docs/contract/data-model.md, "Table deployment_permissions".
"""

from __future__ import annotations

from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from platz.db import schema
from platz.db.enums import DeploymentRole
from platz.identities import EnvId, KindId, UserId

DeploymentPermissionId = NewType("DeploymentPermissionId", UUID)

permissions = schema.deployment_permissions


def create(
    connection: Connection, *, env_id: EnvId, user_id: UserId, kind_id: KindId, role: DeploymentRole
) -> DeploymentPermissionId:
    """Grant the role; it is a unique violation when the user already has one for this kind in this environment."""
    values = {"env_id": env_id, "user_id": user_id, "kind_id": kind_id, "role": role}
    statement = insert(permissions).values(values).returning(permissions.c.id)
    return DeploymentPermissionId(connection.execute(statement).scalar_one())


def lock(connection: Connection, permission_id: DeploymentPermissionId) -> EnvId | None:
    """Lock the permission and return its environment, or None when there is no such permission."""
    query = select(permissions.c.env_id).where(permissions.c.id == permission_id).with_for_update()
    env_id: UUID | None = connection.scalar(query)
    return None if env_id is None else EnvId(env_id)


def remove(connection: Connection, permission_id: DeploymentPermissionId) -> None:
    """Revoke the role."""
    connection.execute(delete(permissions).where(permissions.c.id == permission_id))
