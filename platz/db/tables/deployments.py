"""Queries over `deployments`.

Invariant: every status change sets `reason`, too; a reason may also come later, while the status stays. A deployment
keeps the status `Deleting` until its row is deleted, whatever a task that was still running reports.

Source: docs/contract/data-model.md, "Table deployments", "Deployment statuses".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, case, delete, func, insert, select, true, update

from platz.db import schema
from platz.db.enums import TRANSITIONAL_STATUSES, DeploymentStatus
from platz.db.rows import all_rows, columns_of, first_row
from platz.db.storable import storable
from platz.identities import ChartId, ClusterId, DeploymentId, EnvId, KindId, TaskId
from platz.json import JsonObject, JsonValue

deployments = schema.deployments


@dataclass(frozen=True, kw_only=True)
class DeploymentRow:
    """The columns of `deployments` that are read."""

    id: DeploymentId
    created_at: datetime
    name: str
    kind_id: KindId
    cluster_id: ClusterId
    enabled: bool
    status: DeploymentStatus
    description_md: str | None
    revision_id: TaskId | None
    reported_status: JsonValue
    helm_chart_id: ChartId
    config: JsonValue
    values_override: JsonValue


COLUMNS = columns_of(deployments, DeploymentRow)


@dataclass(frozen=True, kw_only=True)
class DeploymentSummary:
    """The facts about a deployment that name it and decide whether to act on it."""

    id: DeploymentId
    name: str
    kind_id: KindId
    enabled: bool
    status: DeploymentStatus
    reason: str | None


SUMMARY = columns_of(deployments, DeploymentSummary)


@dataclass(frozen=True, kw_only=True)
class NewDeploymentRow:
    """The values of a new deployment; all other columns get their defaults."""

    name: str
    kind_id: KindId
    cluster_id: ClusterId
    helm_chart_id: ChartId
    config: JsonValue
    values_override: JsonValue


def get(connection: Connection, deployment_id: DeploymentId) -> DeploymentRow | None:
    """Return the deployment, or None."""
    return first_row(connection, select(*COLUMNS).where(deployments.c.id == deployment_id), DeploymentRow)


def lock(connection: Connection, ids: Iterable[DeploymentId]) -> dict[DeploymentId, DeploymentRow]:
    """Lock the deployments that still exist, in the order of their ids, and return their present state.

    `FOR NO KEY UPDATE` lets other transactions insert rows that refer to a deployment (tasks, Kubernetes
    resources), so the resource tracker never waits for a user's change and can't deadlock with one.
    """
    query = (
        select(*COLUMNS)
        .where(deployments.c.id.in_(list(ids)))
        .order_by(deployments.c.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in all_rows(connection, query, DeploymentRow)}


def insert_new(connection: Connection, new: NewDeploymentRow) -> DeploymentId:
    """Insert an enabled deployment with the status Unknown; a name that is taken is a unique violation."""
    statement = insert(deployments).values(**vars(new)).returning(deployments.c.id)
    return DeploymentId(connection.scalars(statement).one())


def save(connection: Connection, row: DeploymentRow) -> None:
    """Write the columns that a user may change: name, cluster, chart, config, override, enabled, description."""
    changed = {
        column: getattr(row, column)
        for column in (
            "name", "cluster_id", "helm_chart_id", "config", "values_override", "enabled", "description_md",
        )
    }  # fmt: skip
    connection.execute(update(deployments).where(deployments.c.id == row.id).values(**changed))


def set_status(
    connection: Connection, deployment_id: DeploymentId, status: DeploymentStatus, reason: str | None = None
) -> bool:
    """Set status and reason; return False when the deployment is gone, or is `Deleting` and must stay so."""
    statement = update(deployments).where(deployments.c.id == deployment_id)
    if status != DeploymentStatus.DELETING:
        statement = statement.where(deployments.c.status != DeploymentStatus.DELETING)
    return connection.execute(statement.values(status=status, reason=reason)).rowcount == 1


def explain_transition(connection: Connection, deployment_id: DeploymentId, reason: str | None) -> bool:
    """Say what a transitional status waits for, or nothing any more; return False if the status is another."""
    statement = (
        update(deployments)
        .where(deployments.c.id == deployment_id, deployments.c.status.in_(list(TRANSITIONAL_STATUSES)))
        .values(reason=reason)
    )
    return connection.execute(statement).rowcount == 1


def set_status_if(
    connection: Connection,
    deployment_id: DeploymentId,
    present: Collection[DeploymentStatus],
    status: DeploymentStatus,
    reason: str | None = None,
) -> bool:
    """Set status and reason only while the status is one of ``present``; return whether they were set."""
    statement = (
        update(deployments)
        .where(deployments.c.id == deployment_id, deployments.c.status.in_(list(present)))
        .values(status=status, reason=reason)
    )
    return connection.execute(statement).rowcount == 1


def set_reason_if(
    connection: Connection,
    deployment_id: DeploymentId,
    present: Collection[DeploymentStatus],
    reason: str | None,
) -> bool:
    """Set only the reason, while the status is one of ``present``; return whether the row changed."""
    reason = None if reason is None else storable(reason)
    statement = (
        update(deployments)
        .where(deployments.c.id == deployment_id, deployments.c.status.in_(list(present)))
        .where(deployments.c.reason.is_distinct_from(reason))
        .values(reason=reason)
    )
    return connection.execute(statement).rowcount == 1


def set_revision(connection: Connection, deployment_id: DeploymentId, revision_id: TaskId | None) -> None:
    """Set the revision, the last successful Install or Upgrade; None when nothing is installed."""
    statement = update(deployments).where(deployments.c.id == deployment_id).values(revision_id=revision_id)
    connection.execute(statement)


def set_reported_status(
    connection: Connection, deployment_id: DeploymentId, reported: JsonObject | None
) -> bool:
    """Store the status that the deployment reported, or None when it is not polled any more.

    Returns whether the row changed. None over NULL is not written, so that no event wakes the poller again. A
    reported status always has a new timestamp, so it is always written, unless the deployment was disabled while
    the request was under way.
    """
    statement = (
        update(deployments)
        .where(deployments.c.id == deployment_id)
        .where(deployments.c.reported_status.is_distinct_from(reported))
        .where(deployments.c.enabled if reported is not None else true())
        .values(reported_status=reported)
    )
    return connection.execute(statement).rowcount == 1


def remove(connection: Connection, deployment_id: DeploymentId) -> bool:
    """Delete a deployment that is `Deleting`, with its tasks; return whether it was deleted.

    Call this once the namespace is gone.
    """
    statement = delete(deployments).where(
        deployments.c.id == deployment_id, deployments.c.status == DeploymentStatus.DELETING
    )
    return connection.execute(statement).rowcount == 1


def of_cluster(
    connection: Connection, cluster_id: ClusterId, statuses: Collection[DeploymentStatus] | None = None
) -> list[DeploymentSummary]:
    """Return the deployments of a cluster, oldest first; all of them, or those in one of ``statuses``."""
    query = select(*SUMMARY).where(deployments.c.cluster_id == cluster_id)
    if statuses is not None:
        query = query.where(deployments.c.status.in_(list(statuses)))
    return all_rows(connection, query.order_by(deployments.c.created_at, deployments.c.id), DeploymentSummary)


def of_env(connection: Connection, env_id: EnvId) -> list[DeploymentSummary]:
    """Return the deployments in the clusters of an environment, oldest first."""
    clusters = schema.k8s_clusters
    query = (
        select(*SUMMARY)
        .join(clusters, clusters.c.id == deployments.c.cluster_id)
        .where(clusters.c.env_id == env_id)
        .order_by(deployments.c.created_at, deployments.c.id)
    )
    return all_rows(connection, query, DeploymentSummary)


def clusters_of(
    connection: Connection, ids: Collection[DeploymentId | None]
) -> dict[DeploymentId | None, ClusterId]:
    """Return the clusters of those of these deployments that exist."""
    query = select(deployments.c.id, deployments.c.cluster_id).where(deployments.c.id.in_(list(ids)))
    return {DeploymentId(row.id): ClusterId(row.cluster_id) for row in connection.execute(query)}


def exist_in_cluster(connection: Connection, cluster_id: ClusterId) -> bool:
    """Return whether any deployment is in this cluster."""
    query = select(deployments.c.id).where(deployments.c.cluster_id == cluster_id)
    return connection.scalar(query.limit(1)) is not None


def exist_with_kind(connection: Connection, kind_id: KindId) -> bool:
    """Return whether any deployment is of this kind."""
    return (
        connection.scalar(select(deployments.c.id).where(deployments.c.kind_id == kind_id).limit(1))
        is not None
    )


def in_namespace(
    connection: Connection, cluster_id: ClusterId, namespace: str, *, but: DeploymentId | None = None
) -> DeploymentId | None:
    """Return the deployment (other than ``but``) whose namespace in this cluster has this name, or None.

    The name is derived as in docs/contract/data-model.md, "Entities and derived names". Two kinds can lead to the same
    namespace when their names differ only in case or contain a dash; the unique constraint on (cluster, kind, name)
    does not prevent that.
    """
    kinds = schema.deployment_kinds
    kind, name = func.lower(kinds.c.name), deployments.c.name
    own = case((name == "", kind), else_=func.concat(kind, "-", name))
    query = (
        select(deployments.c.id)
        .join(kinds, kinds.c.id == deployments.c.kind_id)
        .where(deployments.c.cluster_id == cluster_id, own == namespace)
    )
    if but is not None:
        query = query.where(deployments.c.id != but)
    found: UUID | None = connection.scalar(query.limit(1))
    return None if found is None else DeploymentId(found)
