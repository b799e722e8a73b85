"""Changes of `deployment_permissions`: one role for each user and kind in an environment.

Source: docs/contract/data-model.md, "Table deployment_permissions".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from platz.db import schema
from platz.db.enums import DeploymentRole
from platz.db.rows import first_row
from platz.identities import EnvId, KindId, UserId

DeploymentPermissionId = NewType("DeploymentPermissionId", UUID)

permissions = schema.deployment_permissions


@dataclass(frozen=True, kw_only=True)
class DeploymentPermissionRow:
    """One row of `deployment_permissions`."""

    id: DeploymentPermissionId
    created_at: datetime
    env_id: EnvId
    user_id: UserId
    kind_id: KindId
    role: DeploymentRole


def create(
    connection: Connection, *, env_id: EnvId, user_id: UserId, kind_id: KindId, role: DeploymentRole
) -> DeploymentPermissionId:
    """Grant the role; a user who has one for this kind here is a unique violation."""
    values = {"env_id": env_id, "user_id": user_id, "kind_id": kind_id, "role": role}
    statement = insert(permissions).values(values).returning(permissions.c.id)
    return DeploymentPermissionId(connection.execute(statement).scalar_one())


def lock(connection: Connection, permission_id: DeploymentPermissionId) -> DeploymentPermissionRow | None:
    """Lock and read the permission."""
    query = select(permissions).where(permissions.c.id == permission_id).with_for_update()
    return first_row(connection, query, DeploymentPermissionRow)


def remove(connection: Connection, permission_id: DeploymentPermissionId) -> None:
    """Take the role away."""
    connection.execute(delete(permissions).where(permissions.c.id == permission_id))
