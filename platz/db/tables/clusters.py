"""Queries over `k8s_clusters`.

Invariant: discovery writes a known cluster's name, region and last sighting, and leaves the admins' settings alone.

Source: docs/contract/data-model.md, "Table k8s_clusters"; docs/contract/workers.md, "What discovery writes".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from platz.db import schema
from platz.db.rows import all_rows, columns_of, first_row
from platz.db.storable import storable
from platz.identities import ClusterId, EnvId

clusters = schema.k8s_clusters


@dataclass(frozen=True, kw_only=True)
class ClusterRow:
    """One row of `k8s_clusters`."""

    id: ClusterId
    env_id: EnvId | None
    provider_id: str
    created_at: datetime
    last_seen_at: datetime
    name: str
    region_name: str
    is_ok: bool
    not_ok_reason: str | None
    ignore: bool
    ingress_domain: str | None
    ingress_class: str | None
    ingress_tls_secret_name: str | None
    grafana_url: str | None
    grafana_datasource_name: str | None


@dataclass(frozen=True, kw_only=True)
class ClusterSummary:
    """The facts about a cluster that decide whether to serve it."""

    id: ClusterId
    provider_id: str
    name: str
    ignore: bool


@dataclass(frozen=True, kw_only=True)
class ClusterDefaults:
    """The settings of a cluster at its first sighting; by default it is ignored, and nothing else is set."""

    env_id: EnvId | None = None
    ignore: bool = True
    ingress_domain: str | None = None
    ingress_class: str | None = None
    ingress_tls_secret_name: str | None = None


def get(connection: Connection, cluster_id: ClusterId) -> ClusterRow | None:
    """Return the cluster, or None."""
    return first_row(connection, select(clusters).where(clusters.c.id == cluster_id), ClusterRow)


def lock(connection: Connection, cluster_id: ClusterId, *, exclusive: bool = False) -> ClusterRow | None:
    """Lock the cluster and read it; return None when there is no such cluster.

    Until the transaction ends, its environment stays, it is not deleted, and no deployment is created in it or moved
    to it, because those changes take this lock, too. ``exclusive`` also keeps out every other new reference to it.
    """
    query = select(clusters).where(clusters.c.id == cluster_id).with_for_update(key_share=not exclusive)
    return first_row(connection, query, ClusterRow)


def lock_of_env(connection: Connection, env_id: EnvId) -> None:
    """Lock the clusters of an environment in the order of their ids."""
    query = (
        select(clusters.c.id)
        .where(clusters.c.env_id == env_id)
        .order_by(clusters.c.id)
        .with_for_update(key_share=True)
    )
    connection.execute(query)


def all_clusters(connection: Connection) -> list[ClusterSummary]:
    """Return every cluster, oldest first."""
    query = select(*columns_of(clusters, ClusterSummary)).order_by(clusters.c.created_at, clusters.c.id)
    return all_rows(connection, query, ClusterSummary)


def upsert_seen(
    connection: Connection, *, provider_id: str, name: str, region_name: str, defaults: ClusterDefaults
) -> None:
    """Record a sighting; ``defaults`` apply only to a cluster that was never seen before."""
    new = insert(clusters).values(
        provider_id=provider_id, name=name, region_name=region_name, **vars(defaults)
    )
    statement = new.on_conflict_do_update(
        constraint="k8s_clusters_provider_id",
        set_={"name": name, "region_name": region_name, "last_seen_at": func.now()},
    )
    connection.execute(statement)


def set_health(
    connection: Connection, cluster_id: ClusterId, *, is_ok: bool, reason: str | None = None
) -> bool:
    """Record whether the cluster's watch is healthy, unless nothing changed; return whether the row was written."""
    reason = None if reason is None else storable(reason)
    statement = (
        update(clusters)
        .where(clusters.c.id == cluster_id)
        .where(or_(clusters.c.is_ok != is_ok, clusters.c.not_ok_reason.is_distinct_from(reason)))
        .values(is_ok=is_ok, not_ok_reason=reason)
    )
    return connection.execute(statement).rowcount == 1


def save(connection: Connection, cluster_id: ClusterId, changes: Mapping[str, Any]) -> None:
    """Write the given columns; do nothing when there are none."""
    if changes:
        connection.execute(update(clusters).where(clusters.c.id == cluster_id).values(**changes))


def detach_from_env(connection: Connection, env_id: EnvId) -> None:
    """Remove all clusters from an environment, so that they have none."""
    connection.execute(update(clusters).where(clusters.c.env_id == env_id).values(env_id=None))


def remove(connection: Connection, ids: Iterable[ClusterId]) -> None:
    """Delete the clusters; everything that belongs to them is deleted by cascade."""
    connection.execute(delete(clusters).where(clusters.c.id.in_(list(ids))))
