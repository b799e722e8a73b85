"""The end of removals in a cluster: of deployments that are `Uninstalling` or `Deleting` and have no namespace left.

Invariants: a removal ends only when no task of the deployment is due or running (its Uninstall may not have begun, or
an Install may be about to create the namespace again). Every removal does end, because a namespace that a failed
Uninstall left behind is deleted again, and tasks that users scheduled for later (actions, restarts) are ignored.

Source: docs/contract/workers.md, "End of a removal", "Looking for finished removals".
"""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from platz.db.database import Database
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, tasks
from platz.db.tables.deployments import DeploymentSummary
from platz.errors import PlatzError, Retryable
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.namespaces import LABEL_SELECTOR, delete_namespace, is_terminating
from platz.observation.workloads import owner_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ENDING = (DeploymentStatus.UNINSTALLING, DeploymentStatus.DELETING)


def finish_removals(database: Database, client: KubeClient, cluster_id: ClusterId) -> list[DeploymentId]:
    """End all removals that can end, and return the ids of their deployments.

    A deployment whose namespace can't be deleted does not hold up the others. Raises `Retryable` when the cluster or
    the database does not respond.
    """
    with database.reading() as connection:
        ending = _at_rest(connection, cluster_id)
    if not ending:
        return []
    namespaces = client.list_all(NAMESPACE, label_selector=LABEL_SELECTOR).items
    ended: list[DeploymentId] = []
    for row in ending:
        left = [namespace for namespace in namespaces if owner_of(namespace) == row.id]
        try:
            if not left and _end(database, row):
                ended.append(row.id)
            _delete_once_more(client, left)
        except Retryable:
            raise
        except PlatzError as error:
            log.warning(
                "A removal can't be ended", action="remove", deployment_id=str(row.id), reason=error.message
            )
    return ended


def _at_rest(connection: Connection, cluster_id: ClusterId) -> list[DeploymentSummary]:
    return [
        row
        for row in deployments.of_cluster(connection, cluster_id, ENDING)
        if not _is_at_work(connection, row.id)
    ]


def _is_at_work(connection: Connection, deployment_id: DeploymentId) -> bool:
    return tasks.has_due(connection, deployment_id)


def _end(database: Database, row: DeploymentSummary) -> bool:
    with database.transaction() as connection:
        deployments.lock(connection, [row.id])  # tasks are queued under the same lock
        if _is_at_work(connection, row.id):
            return False
        if row.status is DeploymentStatus.DELETING:
            return deployments.remove(connection, row.id)
        ended = deployments.set_status_if(
            connection, row.id, [DeploymentStatus.UNINSTALLING], DeploymentStatus.UNINSTALLED
        )
        if ended:
            deployments.set_revision(connection, row.id, None)  # a failed Uninstall left it
        return ended


def _delete_once_more(client: KubeClient, namespaces: list[JsonObject]) -> None:
    for namespace in namespaces:
        metadata = namespace["metadata"]
        if not is_terminating(namespace) and isinstance(metadata, dict):
            delete_namespace(client, name=str(metadata["name"]))
