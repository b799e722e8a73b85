"""Queries over `deployment_resources`.

Invariant: `sync_reason` has a text exactly when the status is `Error`. Properties are read and written here as they
are stored, the sensitive ones encrypted.

Source: docs/contract/data-model.md, "Table deployment_resources", "Resource sync statuses".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, insert, literal, select, update

from platz.db import schema
from platz.db.enums import SyncStatus
from platz.db.rows import all_rows, first_row
from platz.db.storable import storable
from platz.db.tables.deployment_resource_types import ResourceTypeId
from platz.identities import DeploymentId
from platz.json import JsonValue

ResourceId = NewType("ResourceId", UUID)

resources = schema.deployment_resources

WAITING = (SyncStatus.CREATING, SyncStatus.UPDATING, SyncStatus.DELETING)
"""The statuses in which a lifecycle hook has yet to be called."""


@dataclass(frozen=True, kw_only=True)
class ResourceRow:
    """One row of `deployment_resources`."""

    id: ResourceId
    created_at: datetime
    type_id: ResourceTypeId
    deployment_id: DeploymentId | None
    name: str
    exists: bool
    props: JsonValue = field(repr=False)
    sync_status: SyncStatus
    sync_reason: str | None


@dataclass(frozen=True, kw_only=True)
class NewResourceRow:
    """The values of a new resource; the database supplies ``id`` and ``created_at`` when they are None."""

    type_id: ResourceTypeId
    deployment_id: DeploymentId
    name: str
    props: JsonValue = field(repr=False)
    sync_status: SyncStatus
    id: ResourceId | None = None
    created_at: datetime | None = None


def get(connection: Connection, resource_id: ResourceId) -> ResourceRow | None:
    """Return the resource, or None; deleted resources (`exists` is false) are found, too."""
    return first_row(connection, select(resources).where(resources.c.id == resource_id), ResourceRow)


def lock(connection: Connection, resource_id: ResourceId) -> ResourceRow | None:
    """Lock the resource and read its present state; return None when there is no such resource."""
    query = select(resources).where(resources.c.id == resource_id).with_for_update()
    return first_row(connection, query, ResourceRow)


def of_type(connection: Connection, type_id: ResourceTypeId, resource_id: ResourceId) -> ResourceRow | None:
    """Return the resource when it is of this type, else None."""
    query = select(resources).where(resources.c.id == resource_id, resources.c.type_id == type_id)
    return first_row(connection, query, ResourceRow)


def insert_new(connection: Connection, new: NewResourceRow) -> ResourceId:
    """Insert a resource and return its id; a name that is taken is a unique violation."""
    given = {column: value for column, value in vars(new).items() if value is not None}
    return ResourceId(connection.scalars(insert(resources).values(**given).returning(resources.c.id)).one())


def save(connection: Connection, resource_id: ResourceId, *, name: str, props: JsonValue) -> None:
    """Write the name and the properties, and set the status that makes the update hook be called."""
    values = {"name": name, "props": props, "sync_status": SyncStatus.UPDATING, "sync_reason": None}
    connection.execute(update(resources).where(resources.c.id == resource_id).values(**values))


def set_sync_status(
    connection: Connection,
    resource_id: ResourceId,
    status: SyncStatus,
    *,
    reason: str | None = None,
    only_if: SyncStatus | None = None,
    exists: bool | None = None,
) -> bool:
    """Set the status and its reason, with ``only_if`` only while that is the status; return whether it was set.

    ``exists=False`` marks the resource as deleted.
    """
    statement = update(resources).where(resources.c.id == resource_id)
    if only_if is not None:
        statement = statement.where(resources.c.sync_status == only_if)
    if exists is not None:
        statement = statement.values(exists=exists)
    statement = statement.values(sync_status=status, sync_reason=reason)
    return connection.execute(statement).rowcount == 1


def finish_sync(
    connection: Connection, called_for: ResourceRow, status: SyncStatus, *, reason: str | None = None
) -> bool:
    """Write the outcome of the hook that was called for the state ``called_for`` of the resource.

    Returns False, and changes nothing, when the resource changed meanwhile, even if the same hook has to be called
    again. A successful deletion marks the resource as deleted.
    """
    words = None if reason is None else storable(reason)
    gone = called_for.sync_status is SyncStatus.DELETING and status is SyncStatus.READY
    statement = (
        update(resources)
        .where(
            resources.c.id == called_for.id,
            resources.c.sync_status == called_for.sync_status,
            resources.c.name == called_for.name,
            # With the column's type, because a JSON number or text would otherwise be bound as an SQL one.
            resources.c.props == literal(called_for.props, resources.c.props.type),
        )
        .values(sync_status=status, sync_reason=words, exists=called_for.exists and not gone)
    )
    return connection.execute(statement).rowcount == 1


def waiting(connection: Connection) -> list[ResourceRow]:
    """Return the resources whose hook has yet to be called, oldest first."""
    query = (
        select(resources)
        .where(resources.c.sync_status.in_(WAITING))
        .order_by(resources.c.created_at, resources.c.id)
    )
    return all_rows(connection, query, ResourceRow)
