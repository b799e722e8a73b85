"""Queries over `left_namespaces`: what deployments left behind when they got another name or cluster.

Invariant: a row is written in the transaction that gives the deployment its new place, so no old place is ever
forgotten. It is *released* when the deployment no longer needs the old place, and deleted when nothing is left there.

Source: docs/contract/data-model.md, "Table left_namespaces"; docs/contract/workers.md, "Left namespaces".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from platz.db import schema
from platz.db.enums import ACTIVE_TASK_STATUSES
from platz.db.rows import all_rows, columns_of
from platz.db.storable import storable
from platz.identities import ClusterId, DeploymentId

left = schema.left_namespaces

LeftId = NewType("LeftId", UUID)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A namespace in a cluster."""

    cluster_id: ClusterId
    namespace: str


@dataclass(frozen=True, kw_only=True)
class LeftNamespace:
    """A place that a deployment has left; the deployment may be gone."""

    id: LeftId
    cluster_id: ClusterId
    deployment_id: DeploymentId
    namespace: str

    @property
    def place(self) -> Place:
        """The place that was left."""
        return Place(cluster_id=self.cluster_id, namespace=self.namespace)


COLUMNS = columns_of(left, LeftNamespace)


def record(connection: Connection, deployment_id: DeploymentId, place: Place, *, released: bool) -> None:
    """Record that the deployment leaves a place; one that was recorded before and released stays released."""
    new = insert(left).values(
        deployment_id=deployment_id, **vars(place), released_at=func.now() if released else None
    )
    statement = new.on_conflict_do_update(
        constraint="left_namespaces_place",
        set_={"released_at": func.coalesce(left.c.released_at, new.excluded.released_at)},
    )
    connection.execute(statement)


def take_back(connection: Connection, deployment_id: DeploymentId, place: Place) -> None:
    """Forget that the deployment left a place, because it gets it again."""
    connection.execute(delete(left).where(_is_at(deployment_id, place)))


def release(connection: Connection, deployment_id: DeploymentId, *, but: Place | None = None) -> None:
    """Release every place that the deployment left, except ``but``, where it is now."""
    statement = update(left).where(left.c.deployment_id == deployment_id, left.c.released_at.is_(None))
    if but is not None:
        statement = statement.where(
            or_(left.c.cluster_id != but.cluster_id, left.c.namespace != but.namespace)
        )
    connection.execute(statement.values(released_at=func.now()))


def of_deployment(connection: Connection, deployment_id: DeploymentId) -> list[LeftNamespace]:
    """Return all places that the deployment left, oldest first."""
    query = select(*COLUMNS).where(left.c.deployment_id == deployment_id)
    return all_rows(connection, query.order_by(left.c.created_at, left.c.id), LeftNamespace)


def removable(connection: Connection, cluster_id: ClusterId) -> list[LeftNamespace]:
    """Return the released places in a cluster, oldest first.

    Those of a deployment that has a task under way or due in this cluster come later: the two must not run Helm at
    once.
    """
    tasks = schema.deployment_tasks
    at_work = exists().where(
        and_(
            tasks.c.deployment_id == left.c.deployment_id,
            tasks.c.cluster_id == cluster_id,
            tasks.c.status.in_(ACTIVE_TASK_STATUSES),
            tasks.c.execute_at <= func.clock_timestamp(),
        )
    )
    query = select(*COLUMNS).where(left.c.cluster_id == cluster_id, left.c.released_at.is_not(None), ~at_work)
    return all_rows(connection, query.order_by(left.c.created_at, left.c.id), LeftNamespace)


def is_released(connection: Connection, left_id: LeftId) -> bool:
    """Return whether the place is still recorded as left and released."""
    query = select(left.c.id).where(left.c.id == left_id, left.c.released_at.is_not(None))
    return connection.scalar(query) is not None


def forget(connection: Connection, left_id: LeftId) -> None:
    """Delete the row of a place at which nothing is left."""
    connection.execute(delete(left).where(left.c.id == left_id))


def set_problem(connection: Connection, left_id: LeftId, problem: str) -> bool:
    """Record why the place could not be cleared; return whether that is new."""
    problem = storable(problem)
    statement = update(left).where(left.c.id == left_id, left.c.problem.is_distinct_from(problem))
    return connection.execute(statement.values(problem=problem)).rowcount == 1


def remaining(connection: Connection, deployment_id: DeploymentId) -> str | None:
    """Return a sentence about the released places that could not be cleared so far; None if there are none."""
    clusters = schema.k8s_clusters
    query = (
        select(left.c.namespace, clusters.c.name, left.c.problem)
        .join(clusters, clusters.c.id == left.c.cluster_id)
        .where(left.c.deployment_id == deployment_id, left.c.released_at.is_not(None))
        .where(left.c.problem.is_not(None))
        .order_by(left.c.created_at, left.c.id)
    )
    told = [
        f"Namespace {namespace} in cluster {cluster} was left behind, and is removed as soon as possible. {why}"
        for namespace, cluster, why in connection.execute(query)
    ]
    return " ".join(told) or None


def _is_at(deployment_id: DeploymentId, place: Place) -> ColumnElement[bool]:
    return and_(
        left.c.deployment_id == deployment_id,
        left.c.cluster_id == place.cluster_id,
        left.c.namespace == place.namespace,
    )
