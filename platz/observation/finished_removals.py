"""The end of removals in a cluster: of deployments that are `Uninstalling` or `Deleting` and have no namespace left.

Invariants: a removal ends only when no task of the deployment is due or running (its Uninstall may not have begun, or
an Install may be about to create the namespace again), and nothing of it is recorded as left in the cluster. Every
removal does end, because a namespace that a failed Uninstall left behind is deleted again, and tasks that users
scheduled for later (actions, restarts) are ignored. Until then the deployment's reason says what is waited for.

Source: docs/contract/workers.md, "End of a removal", "Looking for finished removals".
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from platz.db.database import Database
from platz.db.enums import REMOVAL_STATUSES, DeploymentStatus
from platz.db.tables import deployments, left_namespaces, tasks
from platz.db.tables.deployments import DeploymentSummary
from platz.errors import PlatzError, Retryable
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.namespaces import (
    LABEL_SELECTOR,
    delete_namespace_of,
    is_marked,
    is_terminating,
    name_of,
    still_terminating,
)
from platz.observation.known_namespaces import known_names

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def finish_removals(database: Database, client: KubeClient, cluster_id: ClusterId) -> list[DeploymentId]:
    """End all removals that can end, and return the ids of their deployments.

    A deployment whose namespace can't be deleted does not hold up the others. Raises `Retryable` when the cluster or
    the database does not respond.
    """
    with database.reading() as connection:
        ending = _at_rest(connection, cluster_id)
    if not ending:
        return []
    try:
        namespaces = client.list_all(NAMESPACE, label_selector=LABEL_SELECTOR).items
    except Retryable as error:
        for row in ending:
            _tell(
                database,
                row,
                f"Waiting for cluster {client.cluster}, which does not respond. {error.message}",
            )
        raise
    return [row.id for row in ending if _advance(database, client, row, namespaces)]


def _at_rest(connection: Connection, cluster_id: ClusterId) -> list[DeploymentSummary]:
    return [
        row
        for row in deployments.of_cluster(connection, cluster_id, REMOVAL_STATUSES)
        if not _is_at_work(connection, row.id, cluster_id)
    ]


def _is_at_work(connection: Connection, deployment_id: DeploymentId, cluster_id: ClusterId) -> bool:
    left = left_namespaces.of_deployment(connection, deployment_id)
    return tasks.has_due(connection, deployment_id) or any(each.cluster_id == cluster_id for each in left)


def _advance(
    database: Database, client: KubeClient, row: DeploymentSummary, namespaces: Sequence[JsonObject]
) -> bool:
    """End a removal if nothing is left, and return whether it ended; else delete once more what does not go."""
    with database.reading() as connection:
        names = known_names(connection, row.id, kind_id=row.kind_id, name=row.name)
    own = [each for each in namespaces if is_marked(each, row.id) and name_of(each) in names]
    try:
        if not own:
            return _end(database, row)
        for namespace in own:
            if not is_terminating(namespace):
                delete_namespace_of(client, name=name_of(namespace), deployment_id=row.id)
    except Retryable:
        raise
    except PlatzError as error:
        log.warning(
            "A removal can't be ended", action="remove", deployment_id=str(row.id), reason=error.message
        )
        _tell(database, row, f"What is installed can't be removed: {error.message}")
    else:
        going = [still_terminating(each, cluster=client.cluster) for each in own if is_terminating(each)]
        _tell(database, row, " ".join(going) or None)
    return False


def _tell(database: Database, row: DeploymentSummary, reason: str | None) -> None:
    """Make the deployment's reason say what its removal waits for."""
    if reason == row.reason:
        return
    with database.transaction() as connection:
        deployments.set_reason_if(connection, row.id, REMOVAL_STATUSES, reason)


def _end(database: Database, row: DeploymentSummary) -> bool:
    with database.transaction() as connection:
        held = deployments.lock(connection, [row.id])  # tasks are queued under the same lock
        if row.id not in held or _is_at_work(connection, row.id, held[row.id].cluster_id):
            return False
        if row.status is DeploymentStatus.DELETING:
            return deployments.remove(connection, row.id)
        left_behind = left_namespaces.remaining(connection, row.id)
        ended = deployments.set_status_if(
            connection, row.id, [DeploymentStatus.UNINSTALLING], DeploymentStatus.UNINSTALLED, left_behind
        )
        if ended:
            deployments.set_revision(connection, row.id, None)  # a failed Uninstall left it
        return ended
