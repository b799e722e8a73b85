"""Uninstall and Recreate: the operations that delete a namespace.

Invariant: a namespace is deleted only if it carries the deployment's own id. The resource tracker notices when it is
gone, and sets the final status.

Source: docs/contract/workers.md, "Recreate", "Uninstall".
"""

from __future__ import annotations

import structlog

from platz.db.tables import deployments
from platz.db.tables.tasks import TaskRow
from platz.helm.cluster_trouble import ClusterTrouble
from platz.helm.engine import HelmAction, HelmRun
from platz.identities import ClusterId
from platz.kube.namespaces import (
    delete_namespace_of,
    find_namespace,
    is_terminating,
    namespaces_of,
)
from platz.tasks.cluster_faults import helm_failure
from platz.tasks.context import OperationContext
from platz.tasks.operations import Recreate, from_json
from platz.tasks.releases import description_of, prepare_namespace
from platz.tasks.task_target import load_target

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
UNINSTALL_SECONDS = 120
_PASSING = frozenset({ClusterTrouble.AWAY, ClusterTrouble.UNTRUSTED, ClusterTrouble.UNAUTHENTICATED})


def uninstall(context: OperationContext, task: TaskRow) -> str:
    """Remove every namespace that the deployment has in the task's cluster, whatever the deployment's present name.

    Returns what Helm could not uninstall, as text.
    """
    client = context.kube(task.cluster_id)
    left = [
        _remove(context, task, task.cluster_id, namespace)
        for namespace in namespaces_of(client, deployment_id=task.deployment_id)
    ]
    with context.database.transaction() as connection:
        deployments.set_revision(connection, task.deployment_id, None)
    return "\n".join(filter(None, left))


def recreate(context: OperationContext, task: TaskRow) -> str:
    """Delete the deployment's namespaces in the old cluster and create the new one; the Upgrade queued after this task
    installs the chart there.

    The namespaces are found in the cluster, not by `old_namespace`: if an earlier move failed, the deployment may
    never have had that one, and may still have an older one.
    """
    operation = from_json(task.operation)
    assert isinstance(operation, Recreate)  # noqa: S101 - the dispatch table says so
    with context.database.reading() as connection:
        target = load_target(connection, task)
    old_cluster = ClusterId(operation.old_cluster_id)
    left = [
        _remove(context, task, old_cluster, namespace)
        for namespace in namespaces_of(context.kube(old_cluster), deployment_id=task.deployment_id)
        if (old_cluster, namespace) != (target.cluster.id, target.namespace)
    ]
    prepare_namespace(context, target)
    return "\n".join(filter(None, left))


def _remove(context: OperationContext, task: TaskRow, cluster_id: ClusterId, namespace: str) -> str:
    client = context.kube(cluster_id)
    present = find_namespace(client, name=namespace)
    if present is None or is_terminating(present):
        return ""
    left = _helm_uninstall(context, task, cluster_id, namespace)
    delete_namespace_of(client, name=namespace, deployment_id=task.deployment_id)
    return left


def _helm_uninstall(context: OperationContext, task: TaskRow, cluster_id: ClusterId, release: str) -> str:
    """Run Helm's uninstall, for delete hooks and cluster-wide objects; return why it failed, or an empty text.

    A failure does not stop the removal of the namespace. Raises `HelmFailed` when the cluster was away, because a
    repetition may uninstall what would be left otherwise.
    """
    run = HelmRun(
        action=HelmAction.UNINSTALL,
        release=release,
        namespace=release,
        description=description_of(task),
        timeout_seconds=UNINSTALL_SECONDS,
    )
    outcome = context.run_helm(run, cluster_id=cluster_id)
    if outcome.ok:
        return ""
    failure = helm_failure(outcome, context.kube(cluster_id))
    if failure.trouble in _PASSING:
        raise failure
    log.warning(
        "Helm could not uninstall everything",
        action="uninstall",
        task_id=str(task.id),
        reason=failure.message,
    )
    return f"The namespace is being deleted, but Helm could not uninstall everything first: {failure.message}"
