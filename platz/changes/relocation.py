"""What a change of a deployment's name or cluster does with its old place and its waiting tasks.

Invariant: the old place is recorded as left in the transaction of the change. It is released, so that it may be
cleared, only when the new place is there (`platz.tasks.removals`), or at once if nothing is installed.

Source: docs/contract/workers.md, "Left namespaces"; docs/contract/http-api.md, "Deployments".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.charts.documents.derived_names import namespace_name
from platz.db.enums import DeploymentStatus
from platz.db.leases import is_served
from platz.db.tables import deployments, left_namespaces, task_waits, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.left_namespaces import Place
from platz.observation.awaited_clusters import why_cluster_waits

NEVER_INSTALLED = (DeploymentStatus.UNKNOWN, DeploymentStatus.UNINSTALLED)
"""The statuses in which a deployment without a revision has nothing in its cluster."""

MOVED_ON = "The deployment was moved to another cluster while no running process of Platz served this one."


def leave_place(connection: Connection, before: DeploymentRow, after: DeploymentRow, kind_name: str) -> None:
    """Record that a locked deployment leaves its place, and take its waiting tasks along to a new cluster."""
    left_namespaces.take_back(connection, after.id, _place(after, kind_name))
    if before.revision_id is not None or before.status not in NEVER_INSTALLED:
        stays_installed = before.enabled and after.enabled
        old = _place(before, kind_name)
        left_namespaces.record(connection, before.id, old, released=not stays_installed)
    if before.cluster_id != after.cluster_id:
        served = is_served(connection, before.cluster_id)
        if not served:
            given_up = tasks.give_up_started(connection, before.id, before.cluster_id, MOVED_ON)
            task_waits.end_what_waits(connection, given_up, MOVED_ON)
        tasks.follow_deployment(connection, after.id, after.cluster_id, uninstalls=not served)


def tell_what_is_waited_for(connection: Connection, row: DeploymentRow) -> None:
    """Make the deployment's reason say which cluster its queued tasks wait for, if any."""
    for cluster_id in tasks.active_clusters(connection, row.id):
        why = why_cluster_waits(connection, cluster_id)
        if why is not None:
            deployments.set_reason_if(connection, row.id, tuple(DeploymentStatus), why)
            return


def _place(row: DeploymentRow, kind_name: str) -> Place:
    return Place(cluster_id=row.cluster_id, namespace=namespace_name(kind_name, row.name))
