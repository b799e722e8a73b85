"""The counts of tasks and deployments for the metrics.

Source: docs/contract/http-api.md, "Metrics".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from platz.db import schema
from platz.db.enums import DeploymentStatus, TaskStatus


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The numbers of tasks by status, and of deployments by kind name, status and cluster name.

    A combination without rows has no entry. ``cluster_names`` holds the names of all clusters.
    """

    tasks: Mapping[TaskStatus, int]
    deployments: Mapping[tuple[str, DeploymentStatus, str], int]
    cluster_names: tuple[str, ...]


def count(connection: Connection) -> Counts:
    """Count the tasks and deployments, and list the cluster names."""
    tasks, own = schema.deployment_tasks, schema.deployments
    kinds, clusters = schema.deployment_kinds, schema.k8s_clusters
    by_status = connection.execute(select(tasks.c.status, func.count()).group_by(tasks.c.status))
    by_place = connection.execute(
        select(kinds.c.name, own.c.status, clusters.c.name, func.count())
        .join_from(own, kinds, kinds.c.id == own.c.kind_id)
        .join(clusters, clusters.c.id == own.c.cluster_id)
        .group_by(kinds.c.name, own.c.status, clusters.c.name)
    )
    return Counts(
        tasks=dict(by_status.all()),
        deployments={(kind, status, cluster): number for kind, status, cluster, number in by_place},
        cluster_names=tuple(connection.scalars(select(clusters.c.name).distinct())),
    )
