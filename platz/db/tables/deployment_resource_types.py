"""Queries over `deployment_resource_types`.

Invariant: the types of one kind and key are one global type, or types of single environments, never both.

Source: docs/contract/data-model.md, "Table deployment_resource_types".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, func, insert, or_, select

from platz.db import schema
from platz.db.rows import columns_of, first_row
from platz.errors import Conflict
from platz.identities import EnvId, KindId
from platz.json import JsonObject, JsonValue

ResourceTypeId = NewType("ResourceTypeId", UUID)

types = schema.deployment_resource_types


@dataclass(frozen=True, kw_only=True)
class ResourceTypeRow:
    """The columns of `deployment_resource_types` that are read."""

    id: ResourceTypeId
    env_id: EnvId | None
    deployment_kind_id: KindId
    key: str
    spec: JsonValue


COLUMNS = columns_of(types, ResourceTypeRow)


def get(connection: Connection, type_id: ResourceTypeId) -> ResourceTypeRow | None:
    """Return the type, or None."""
    return first_row(connection, select(*COLUMNS).where(types.c.id == type_id), ResourceTypeRow)


def lock_shared(connection: Connection, type_id: ResourceTypeId) -> ResourceTypeRow | None:
    """Read the type and protect it from changes until the transaction ends; others may do the same."""
    query = select(*COLUMNS).where(types.c.id == type_id).with_for_update(read=True)
    return first_row(connection, query, ResourceTypeRow)


def find(connection: Connection, env_id: EnvId, key: str, kind_name: str | None) -> ResourceTypeId | None:
    """Return the type with this key that an environment may use: its own before a global one, then the oldest.

    Without ``kind_name`` (the legacy notation) the type may be of any kind.
    """
    query = select(types.c.id).where(
        types.c.key == key, or_(types.c.env_id == env_id, types.c.env_id.is_(None))
    )
    if kind_name is not None:
        kinds = schema.deployment_kinds
        query = query.where(
            types.c.deployment_kind_id.in_(select(kinds.c.id).where(kinds.c.name == kind_name))
        )
    order = (types.c.env_id.is_(None), types.c.created_at, types.c.id)
    found: UUID | None = connection.scalar(query.order_by(*order).limit(1))
    return None if found is None else ResourceTypeId(found)


def upsert(
    connection: Connection, *, env_id: EnvId | None, kind_id: KindId, key: str, spec: JsonObject
) -> None:
    """Insert the type, or update the spec of the existing one; an equal spec is not written again.

    A trigger of the table turns an insertion of an existing type into an update of its spec, for every program.
    Raises `Conflict` for a global type when an environment has one of this kind and key, and the other way round.
    """
    # Writers of one kind and key wait for each other, because no unique index can forbid a global type beside others.
    pair = func.hashtextextended(f"platz:resource-type:{kind_id}:{key}", 0)
    connection.execute(select(func.pg_advisory_xact_lock(pair)))
    require_agreeing(connection, env_id=env_id, kind_id=kind_id, key=key)
    new = insert(types).values(env_id=env_id, deployment_kind_id=kind_id, key=key, spec=spec)
    connection.execute(new.inline())


def require_agreeing(connection: Connection, *, env_id: EnvId | None, kind_id: KindId, key: str) -> None:
    """Raise `Conflict` for a global type when an environment has one of this kind and key, or the other way round."""
    opposite = types.c.env_id.is_not(None) if env_id is None else types.c.env_id.is_(None)
    query = select(types.c.id).where(types.c.deployment_kind_id == kind_id, types.c.key == key, opposite)
    if connection.scalar(query.limit(1)) is None:
        return
    if env_id is None:
        raise Conflict(f"The resource type {key} can't become global: environments have their own already")
    raise Conflict(f"The resource type {key} is global already, so an environment can't have its own")
