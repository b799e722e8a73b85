"""Queries over `k8s_resources`, written in batches by the resource tracker.

Invariant: a batch of any size is written by one statement, and an unchanged workload is not written, so that it
causes no event. `last_updated_at` is the time at which Platz last saw a change.

Source: docs/contract/data-model.md, "Table k8s_resources"; docs/contract/workers.md, "Workload rows".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Connection, Uuid, all_, any_, delete, literal, select, text

from platz.db import schema
from platz.db.rows import columns_of, first_row
from platz.db.storable import storable_json
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject

WorkloadId = NewType("WorkloadId", UUID)

resources = schema.k8s_resources


@dataclass(frozen=True, kw_only=True)
class WorkloadRow:
    """The columns of `k8s_resources` that are read; ``id`` is the `metadata.uid` of the object."""

    id: WorkloadId
    deployment_id: DeploymentId
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SeenWorkload:
    """A workload as a watch reported it."""

    id: WorkloadId
    cluster_id: ClusterId
    deployment_id: DeploymentId
    kind: str
    api_version: str
    name: str
    status_color: Sequence[str]
    metadata: JsonObject


def get(connection: Connection, resource_id: WorkloadId) -> WorkloadRow | None:
    """Return the workload, or None."""
    query = select(*columns_of(resources, WorkloadRow)).where(resources.c.id == resource_id)
    return first_row(connection, query, WorkloadRow)


_UPSERT = text(
    """
    with seen as (
        select * from jsonb_to_recordset(cast(:batch as jsonb)) as seen(
            id uuid, cluster_id uuid, deployment_id uuid, kind text, api_version text, name text,
            status_color text[], metadata jsonb)
    ), owners as (
        -- Kept until the batch is written: a deployment that is being deleted must not fail the others.
        select id from deployments where id in (select deployment_id from seen) order by id for key share
    )
    insert into k8s_resources as known
        (id, last_updated_at, cluster_id, deployment_id, kind, api_version, name, status_color, metadata)
    select seen.id, clock_timestamp(), seen.cluster_id, seen.deployment_id, seen.kind, seen.api_version,
        seen.name, seen.status_color, seen.metadata
    from seen
        join owners on owners.id = seen.deployment_id
        join k8s_clusters on k8s_clusters.id = seen.cluster_id
    order by seen.id
    on conflict (id) do update set
        last_updated_at = excluded.last_updated_at, deployment_id = excluded.deployment_id,
        kind = excluded.kind, api_version = excluded.api_version, name = excluded.name,
        status_color = excluded.status_color, metadata = excluded.metadata
    where (known.deployment_id, known.kind, known.api_version, known.name, known.status_color, known.metadata)
        is distinct from (excluded.deployment_id, excluded.kind, excluded.api_version, excluded.name,
            excluded.status_color, excluded.metadata)
    """
)


def upsert(connection: Connection, batch: Iterable[SeenWorkload]) -> int:
    """Record the workloads, the last one for each id; return the number of rows that changed.

    Workloads of a deployment or cluster that does not exist (any more) are left out.
    """
    latest: Mapping[WorkloadId, SeenWorkload] = {workload.id: workload for workload in batch}
    if not latest:
        return 0
    document = orjson.dumps([_as_json(workload) for workload in latest.values()]).decode()
    return connection.execute(_UPSERT, {"batch": storable_json(document)}).rowcount


def _as_json(workload: SeenWorkload) -> dict[str, object]:
    return {**vars(workload), "status_color": list(workload.status_color)}


def remove(connection: Connection, ids: Iterable[WorkloadId]) -> int:
    """Delete the rows of workloads that are gone; return the number of deleted rows."""
    gone = list(ids)
    if not gone:
        return 0
    return connection.execute(
        delete(resources).where(resources.c.id == any_(literal(gone, ARRAY(Uuid))))
    ).rowcount


def keep_only(connection: Connection, cluster_id: ClusterId, kind: str, listed: Iterable[WorkloadId]) -> int:
    """Delete the cluster's rows of one kind that are not in a fresh list; return the number of deleted rows."""
    statement = delete(resources).where(
        resources.c.cluster_id == cluster_id,
        resources.c.kind == kind,
        resources.c.id != all_(literal(list(listed), ARRAY(Uuid))),
    )
    return connection.execute(statement).rowcount
