"""The clearing of the places that deployments left: Helm's uninstall there, then the deletion of the namespace.

Invariants: only a place that was recorded as left and is released is cleared, so nothing that is still needed goes. It
is tried until nothing is left there, whether the deployment still exists or not, and what hinders it is told in the
deployment's reason until then.

Source: docs/contract/workers.md, "Left namespaces".
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, left_namespaces
from platz.db.tables.left_namespaces import LeftNamespace, Place
from platz.db.tables.tasks import TaskRow
from platz.db.unreachable import DatabaseUnavailable
from platz.errors import PlatzError
from platz.identities import ClusterId, DeploymentId
from platz.kube.errors import KubeAborted, KubeUnreachable
from platz.kube.namespaces import (
    delete_namespace_of,
    find_namespace,
    is_marked,
    is_terminating,
    seconds_terminating,
    still_terminating,
)
from platz.observation.awaited_clusters import why_cluster_waits
from platz.tasks.context import ClusterNotServed, Interrupted, OperationContext
from platz.tasks.helm_uninstall import uninstall_release

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PATIENCE_SECONDS = 60.0
"""How long a namespace may be going before its deployment's reason says what holds it."""

TELLING = (DeploymentStatus.RUNNING, DeploymentStatus.UNINSTALLED)
"""The statuses whose reason tells what was left behind; the reasons of the others tell something else."""


def leave_places(context: OperationContext, task: TaskRow, present: Place) -> str:
    """Release every place of the task's deployment but the present one, and clear those that this process can reach.

    Returns what is to be known about it: what Helm could not uninstall, and what has to wait. Raises `Interrupted`
    and `DatabaseUnavailable` only.
    """
    with context.changing(task) as connection:
        left_namespaces.release(connection, task.deployment_id, but=present)
        left = left_namespaces.of_deployment(connection, task.deployment_id)
    return "\n".join(filter(None, (_leave(context, task, each) for each in left if each.place != present)))


def clear_cluster(context: OperationContext, cluster_id: ClusterId) -> None:
    """Clear all released places in a cluster that this process serves; one that can't be cleared holds up no other.

    Raises `Interrupted` and `DatabaseUnavailable`.
    """
    with context.database.reading() as connection:
        waiting = left_namespaces.removable(connection, cluster_id)
    for left in waiting:
        try:
            _clear(context, None, left)
        except ClusterNotServed as error:
            raise Interrupted from error
        except KubeUnreachable as error:
            _raise_if_aborted(error)
            for each in waiting:
                _hinder(context, each, error.message)
            return
        except PlatzError as error:
            _raise_if_not_of_the_cluster(error)
            _hinder(context, left, error.message)


def remove_namespace(
    context: OperationContext, task: TaskRow | None, deployment_id: DeploymentId, place: Place
) -> str:
    """Run Helm's uninstall and start the deletion of a namespace, if it is there and the deployment's.

    Returns what was left undone, as text: what stays outside the namespace, or that the namespace is somebody else's.
    """
    client = context.kube(place.cluster_id)
    present = find_namespace(client, name=place.namespace)
    if present is None or is_terminating(present):
        return ""
    if not is_marked(present, deployment_id):
        log.warning(
            "A namespace does not carry Platz's marks, and stays", action="remove", namespace=place.namespace
        )
        return f"Namespace {place.namespace} was left alone: it does not carry the marks of this deployment."
    undone = uninstall_release(context, task, deployment_id, place)
    delete_namespace_of(client, name=place.namespace, deployment_id=deployment_id)
    return undone


def tell(connection: Connection, deployment_id: DeploymentId) -> None:
    """Make the deployment's reason say what it left behind, or nothing if all is cleared."""
    reason = left_namespaces.remaining(connection, deployment_id)
    deployments.set_reason_if(connection, deployment_id, TELLING, reason)


def _leave(context: OperationContext, task: TaskRow, left: LeftNamespace) -> str:
    try:
        return _clear(context, task, left)
    except ClusterNotServed:
        with context.database.reading() as connection:
            why = why_cluster_waits(connection, left.cluster_id)
        if why is None:
            return f"Namespace {left.namespace} is removed by the process that serves its cluster."
    except PlatzError as error:
        _raise_if_not_of_the_cluster(error)
        why = error.message
    _hinder(context, left, why)
    return f"Namespace {left.namespace} was left behind, and is removed as soon as possible: {why}"


def _clear(context: OperationContext, task: TaskRow | None, left: LeftNamespace) -> str:
    """Begin to clear a place, or forget it when nothing is left there; return what was left undone.

    Without a ``task`` the runner does it, under its lease alone.
    """
    client = context.kube(left.cluster_id)
    present = find_namespace(client, name=left.namespace)
    if present is None or not is_marked(present, left.deployment_id):
        return _forget(context, left, exists=present is not None)
    if is_terminating(present):
        if seconds_terminating(present, datetime.now(UTC)) > PATIENCE_SECONDS:
            _hinder(context, left, still_terminating(present, cluster=client.cluster))
        return ""
    if not _is_still_left(context, left):
        return ""
    return remove_namespace(context, task, left.deployment_id, left.place)


def _forget(context: OperationContext, left: LeftNamespace, *, exists: bool) -> str:
    """Delete the row of a place; a namespace that ``exists`` there is not the deployment's, and stays."""
    with context.database.transaction() as connection:
        left_namespaces.forget(connection, left.id)
        tell(connection, left.deployment_id)
    if not exists:
        log.info("A left namespace is gone", action="remove", **_named(left))
        return ""
    log.warning("A left namespace does not carry Platz's marks, and stays", action="remove", **_named(left))
    return f"Namespace {left.namespace} was left alone: it does not carry the marks of this deployment."


def _is_still_left(context: OperationContext, left: LeftNamespace) -> bool:
    with context.database.reading() as connection:
        return left_namespaces.is_released(connection, left.id)


def _hinder(context: OperationContext, left: LeftNamespace, problem: str) -> None:
    with context.database.transaction() as connection:
        if left_namespaces.set_problem(connection, left.id, problem):
            log.warning(
                "A left namespace can't be removed yet", action="wait", reason=problem, **_named(left)
            )
        tell(connection, left.deployment_id)


def _raise_if_aborted(error: PlatzError) -> None:
    """Raise `Interrupted` when this process was told to leave the cluster."""
    if isinstance(error, KubeAborted):
        raise Interrupted from error


def _raise_if_not_of_the_cluster(error: PlatzError) -> None:
    """Raise what is no trouble of the cluster: an interruption, or the loss of the database."""
    if isinstance(error, Interrupted | DatabaseUnavailable):
        raise error


def _named(left: LeftNamespace) -> dict[str, str]:
    return {
        "namespace": left.namespace,
        "cluster_id": str(left.cluster_id),
        "deployment_id": str(left.deployment_id),
    }
