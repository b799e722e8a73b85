"""The namespaces of running deployments: whether they are still there, and still the deployments'.

Invariant: a deployment shows `Error` with a reason that begins with `OPENING` as long as its namespace is gone, going
or without its marks; when that is over, it shows `Running` again. Nothing is said while a task is due or running,
because the task makes the namespace.

Source: docs/contract/workers.md, "Lost namespaces".
"""

from __future__ import annotations

from collections.abc import Mapping

from platz.charts.documents.derived_names import namespace_name
from platz.db.database import Database
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, kinds, left_namespaces, tasks
from platz.db.tables.deployments import DeploymentSummary
from platz.identities import ClusterId, DeploymentId
from platz.kube.client import KubeClient
from platz.kube.namespaces import (
    DEPLOYMENT_ANNOTATION,
    LABEL_SELECTOR,
    deployment_of,
    find_namespace,
    is_labelled,
    is_terminating,
    still_terminating,
)

OPENING = "The deployment's namespace is not as it should be: "
SHOWING = (DeploymentStatus.RUNNING, DeploymentStatus.ERROR)


def look_at_namespaces(
    database: Database, client: KubeClient, cluster_id: ClusterId, present: Mapping[str, DeploymentId]
) -> None:
    """Show which running deployments of a cluster lost their namespaces, and which have them again.

    ``present`` are the namespaces that the watch shows with both marks and not being deleted, with their owners; what
    it lacks is looked at once more in the cluster. Raises `Retryable` when the cluster or the database does not
    respond.
    """
    with database.reading() as connection:
        rows = deployments.of_cluster(connection, cluster_id, SHOWING)
        names = kinds.names(connection)
    for row in rows:
        namespace = namespace_name(names[row.kind_id], row.name)
        is_told = row.status is DeploymentStatus.ERROR and (row.reason or "").startswith(OPENING)
        if present.get(namespace) == row.id:
            if is_told:
                _show(database, row, None)
        elif row.enabled and (is_told or row.status is DeploymentStatus.RUNNING):
            problem = _problem(client, namespace, row.id)
            if problem is not None and problem != row.reason:
                _show(database, row, problem)


def _problem(client: KubeClient, namespace: str, deployment_id: DeploymentId) -> str | None:
    """Return what is wrong with the namespace, and what to do; None if it is well and the watch is only late."""
    found = find_namespace(client, name=namespace)
    where = f"namespace {namespace} in cluster {client.cluster}"
    if found is None:
        return f"{OPENING}{where} does not exist any more. Disable and enable the deployment to install it again."
    if is_terminating(found):
        return f"{OPENING}{still_terminating(found, cluster=client.cluster)}"
    if deployment_of(found) != str(deployment_id):
        mark = f"{DEPLOYMENT_ANNOTATION}={deployment_id}"
        return (
            f"{OPENING}{where} lost its annotation, so Platz does not see what is in it."
            f" Put it back with: kubectl annotate --overwrite namespace {namespace} {mark}"
        )
    if not is_labelled(found):
        return (
            f"{OPENING}{where} lost its label, so Platz does not see what is in it."
            f" Put it back with: kubectl label --overwrite namespace {namespace} {LABEL_SELECTOR}"
        )
    return None


def _show(database: Database, row: DeploymentSummary, problem: str | None) -> None:
    """Set the status and the reason, unless the row changed meanwhile or a task is about to do so."""
    with database.transaction() as connection:
        held = deployments.lock(connection, [row.id]).get(row.id)
        if held is None or held.status is not row.status or tasks.has_due(connection, row.id):
            return
        if problem is None:
            left_behind = left_namespaces.remaining(connection, row.id)
            deployments.set_status(connection, row.id, DeploymentStatus.RUNNING, left_behind)
        else:
            deployments.set_status(connection, row.id, DeploymentStatus.ERROR, problem)
