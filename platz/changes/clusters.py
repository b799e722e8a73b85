"""Update and delete a cluster.

Source: docs/contract/http-api.md, "Kubernetes clusters".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from platz.access import permissions
from platz.changes.shown_addresses import check_domain, check_web_address
from platz.db.tables import clusters, deployments, tasks
from platz.errors import Conflict, NotFound
from platz.identities import ClusterId, EnvId, Identity

T = TypeVar("T")


@dataclass(frozen=True)
class Given(Generic[T]):
    """A given value of a field that can be null: null is a value, too, and clears the field."""

    value: T


@dataclass(frozen=True, kw_only=True)
class ClusterUpdate:
    """The requested changes; None means "not given"."""

    ignore: bool | None = None
    env_id: Given[EnvId | None] | None = None
    ingress_domain: Given[str | None] | None = None
    ingress_class: Given[str | None] | None = None
    ingress_tls_secret_name: Given[str | None] | None = None
    grafana_url: Given[str | None] | None = None
    grafana_datasource_name: Given[str | None] | None = None


def update_cluster(
    connection: Connection, identity: Identity, cluster_id: ClusterId, update: ClusterUpdate
) -> None:
    """Save the given fields; an empty text clears its field.

    Raises NotFound, Denied, Rejected (unknown environment, no domain, no web address), Conflict (ingress domain taken).
    """
    permissions.require_site_admin(connection, identity)
    cluster = clusters.lock(connection, cluster_id)
    if cluster is None:
        raise NotFound
    wanted = {column: _meant(value) for column, value in vars(update).items() if value is not None}
    differing = {column: value for column, value in wanted.items() if getattr(cluster, column) != value}
    _check(differing)
    clusters.save(connection, cluster_id, differing)


def delete_cluster(connection: Connection, identity: Identity, cluster_id: ClusterId) -> None:
    """Delete the cluster; if discovery still finds it, it comes back as a new one (in production, ignored).

    Deployments that moved to other clusters keep their finished tasks. Raises NotFound, Denied, Conflict (the cluster
    has deployments).
    """
    permissions.require_site_admin(connection, identity)
    if clusters.lock(connection, cluster_id, exclusive=True) is None:
        raise NotFound
    if deployments.exist_in_cluster(connection, cluster_id):
        raise Conflict("This cluster has deployments, please delete or move them to another cluster first")
    tasks.keep_history_of_moved(connection, cluster_id)
    clusters.remove(connection, [cluster_id])


def _check(differing: Mapping[str, bool | EnvId | str | None]) -> None:
    grafana, domain = differing.get("grafana_url"), differing.get("ingress_domain")
    if isinstance(grafana, str):
        check_web_address(grafana, "grafana_url")
    if isinstance(domain, str):
        check_domain(domain, "ingress_domain")


def _meant(value: bool | Given[EnvId | None] | Given[str | None]) -> bool | EnvId | str | None:
    if isinstance(value, bool):
        return value
    return None if value.value == "" else value.value
