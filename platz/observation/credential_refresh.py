"""The refresh of the credentials of all enabled deployments in a cluster.

Source: docs/contract/workers.md, "Credentials of deployments".
"""

from __future__ import annotations

import structlog

from platz.charts.documents.derived_names import namespace_name
from platz.db.database import Database
from platz.db.tables import deployments, kinds
from platz.errors import PlatzError
from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.kube.errors import KubeUnreachable
from platz.kube.namespaces import deployment_of, find_namespace, is_terminating
from platz.observation.deployment_credentials import Credentials, write_credentials

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def refresh_cluster(
    database: Database, client: KubeClient, cluster_id: ClusterId, credentials: Credentials
) -> dict[str, int]:
    """Write the secret of each deployment; return how many were written, skipped and failed.

    A deployment is skipped if it has no namespace, or the namespace is being deleted or not its own. One deployment's
    failure does not stop the others, but a cluster that does not respond ends the refresh with `KubeUnreachable`.
    """
    with database.reading() as connection:
        rows = [row for row in deployments.of_cluster(connection, cluster_id) if row.enabled]
        names = kinds.names(connection)
    counts = {"written": 0, "skipped": 0, "failed": 0}
    for row in rows:
        namespace = namespace_name(names[row.kind_id], row.name)
        try:
            present = find_namespace(client, name=namespace)
            if present is None or is_terminating(present) or deployment_of(present) != str(row.id):
                counts["skipped"] += 1
                continue
            write_credentials(client, namespace=namespace, deployment_id=row.id, credentials=credentials)
            counts["written"] += 1
        except KubeUnreachable:
            raise
        except PlatzError as error:
            counts["failed"] += 1
            log.warning(
                "Credentials were not written",
                action="refresh",
                deployment_id=str(row.id),
                reason=error.message,
            )
    return counts
