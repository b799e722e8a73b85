"""The recording of clusters that a search found.

Invariant: a later sighting changes only the cluster's name, its region and the time of the last sighting; the
environment, `ignore` and the ingress and Grafana fields belong to the admins.

Source: docs/contract/workers.md, "What discovery writes".
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from platz.db.tables import clusters, envs
from platz.db.tables.clusters import ClusterDefaults
from platz.discovery.findings import FirstSight, FoundCluster

__all__ = ["FoundCluster", "record_clusters"]


def record_clusters(connection: Connection, found: Iterable[FoundCluster]) -> None:
    """Insert or update the clusters, in the order of their provider ids.

    The order keeps processes that search at the same time from deadlocking: they wait for one another instead.
    """
    for cluster in sorted(found, key=lambda cluster: cluster.provider_id):
        clusters.upsert_seen(
            connection,
            provider_id=cluster.provider_id,
            name=cluster.name,
            region_name=cluster.region_name,
            defaults=_defaults(connection, cluster.first_sight),
        )


def _defaults(connection: Connection, first: FirstSight) -> ClusterDefaults:
    return ClusterDefaults(
        env_id=envs.id_of(connection, first.env_name) if first.env_name else None,
        ignore=first.ignore,
        ingress_domain=first.ingress_domain,
        ingress_class=first.ingress_class,
        ingress_tls_secret_name=first.ingress_tls_secret_name,
    )
