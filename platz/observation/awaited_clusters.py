"""Why the tasks of a cluster wait: the sentence for the deployments that need the cluster.

Source: docs/contract/workers.md, "Waiting for a cluster".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.db.leases import is_served
from platz.db.tables import clusters
from platz.identities import ClusterId


def why_cluster_waits(connection: Connection, cluster_id: ClusterId) -> str | None:
    """Return why nothing can be done in the cluster at present; None if it is served and responds."""
    row = clusters.get(connection, cluster_id)
    if row is None:
        return None
    if row.ignore:
        return f"Cluster {row.name} is ignored, so its tasks wait until a site admin includes it again."
    if not is_served(connection, cluster_id):
        return f"No running process of Platz serves cluster {row.name}, so its tasks wait until one finds it again."
    if not row.is_ok:
        why = (row.not_ok_reason or "it does not respond").rstrip(".")
        return f"Cluster {row.name} is not well, so its tasks may wait until it is ({why})."
    return None
