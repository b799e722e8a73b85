"""The one query from which the status poller learns which deployments it may have to poll.

Source: docs/contract/workers.md, "Which deployments are polled": a deployment is polled when it is enabled and
has a revision whose chart has the status feature; the chart and its ingress host format are those of the
*revision*, not of the row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Uuid, func, select

from platz.db import schema
from platz.db.rows import all_rows
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonValue


@dataclass(frozen=True, kw_only=True)
class PollCandidate:
    """A deployment, with the facts that decide whether and where it is polled."""

    id: DeploymentId
    cluster_id: ClusterId
    name: str
    kind: str
    enabled: bool
    ingress_domain: str | None
    has_revision: bool
    features: JsonValue
    has_reported: bool


def poll_candidates(connection: Connection, ids: Collection[UUID] | None = None) -> list[PollCandidate]:
    """Return all deployments, or those of ``ids`` that exist, oldest first."""
    deployments, kinds, tasks = schema.deployments, schema.deployment_kinds, schema.deployment_tasks
    clusters, charts = schema.k8s_clusters, schema.helm_charts
    revision_chart = func.coalesce(
        tasks.c.operation["Install"]["helm_chart_id"].astext,
        tasks.c.operation["Upgrade"]["helm_chart_id"].astext,
    ).cast(Uuid)
    query = (
        select(
            deployments.c.id,
            deployments.c.cluster_id,
            deployments.c.name,
            kinds.c.name.label("kind"),
            deployments.c.enabled,
            clusters.c.ingress_domain,
            deployments.c.revision_id.is_not(None).label("has_revision"),
            charts.c.features,
            deployments.c.reported_status.is_not(None).label("has_reported"),
        )
        .join(kinds, kinds.c.id == deployments.c.kind_id)
        .join(clusters, clusters.c.id == deployments.c.cluster_id)
        .outerjoin(tasks, tasks.c.id == deployments.c.revision_id)
        .outerjoin(charts, charts.c.id == revision_chart)
        .order_by(deployments.c.created_at, deployments.c.id)
    )
    if ids is not None:
        query = query.where(deployments.c.id.in_(list(ids)))
    return all_rows(connection, query, PollCandidate)
