"""Queries over `helm_registries`.

Invariant: a domain and repository have one registry, even when several processes find it at the same time.

Source: docs/contract/data-model.md, "Table helm_registries".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from platz.db import schema
from platz.db.enums import RegistryProvider
from platz.db.rows import columns_of, first_row
from platz.identities import KindId

RegistryId = NewType("RegistryId", UUID)

registries = schema.helm_registries


@dataclass(frozen=True, kw_only=True)
class RegistryRow:
    """The columns of `helm_registries` that are read."""

    id: RegistryId
    created_at: datetime
    domain_name: str
    repo_name: str
    provider: RegistryProvider


COLUMNS = columns_of(registries, RegistryRow)


def get(connection: Connection, registry_id: RegistryId) -> RegistryRow | None:
    """Return the registry, or None."""
    return first_row(connection, select(*COLUMNS).where(registries.c.id == registry_id), RegistryRow)


def find(connection: Connection, domain_name: str, repo_name: str) -> RegistryRow | None:
    """Return the registry of this domain and repository, or None."""
    query = select(*COLUMNS).where(
        registries.c.domain_name == domain_name, registries.c.repo_name == repo_name
    )
    return first_row(connection, query, RegistryRow)


def with_available_charts(connection: Connection, domain_name: str, provider: RegistryProvider) -> set[str]:
    """Return the repositories of a domain that have a chart marked as available."""
    charts = schema.helm_charts
    has_charts = exists().where(charts.c.helm_registry_id == registries.c.id, charts.c.available)
    query = select(registries.c.repo_name).where(
        registries.c.domain_name == domain_name, registries.c.provider == provider, has_charts
    )
    return set(connection.scalars(query))


def get_or_create(
    connection: Connection,
    *,
    domain_name: str,
    repo_name: str,
    kind_id: KindId,
    provider: RegistryProvider,
    created_at: datetime,
) -> RegistryRow:
    """Return the registry of this domain and repository; the other arguments apply only when it is created."""
    statement = (
        insert(registries)
        .values(
            domain_name=domain_name,
            repo_name=repo_name,
            kind_id=kind_id,
            provider=provider,
            created_at=created_at,
        )
        .on_conflict_do_nothing(constraint="helm_registries_domain_repo")
    )
    connection.execute(statement)
    row = find(connection, domain_name, repo_name)
    assert row is not None  # noqa: S101 (registries are never deleted)
    return row


def set_icon(connection: Connection, registry_id: RegistryId, fa_icon: str) -> bool:
    """Change the registry's icon; return whether the registry exists."""
    statement = update(registries).where(registries.c.id == registry_id).values(fa_icon=fa_icon)
    return connection.execute(statement).rowcount == 1
