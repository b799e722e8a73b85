"""The new place of a deployment that is renamed or moved: whether it can be had, and the making of it.

Invariant: nothing of the old place is touched here, and a namespace that was made for a place that then can't be had is
removed again.

Source: docs/contract/workers.md, "Recreate".
"""

from __future__ import annotations

import structlog

from platz.charts.documents.derived_names import is_namespace_name
from platz.db.tables import left_namespaces, task_waits
from platz.db.tables.tasks import TaskRow
from platz.errors import PlatzError, Rejected, Retryable
from platz.helm.engine import HelmAction
from platz.kube.client import KubeClient
from platz.kube.errors import KubeDenied
from platz.kube.namespaces import delete_namespace_of, find_namespace
from platz.observation.ingress_hosts import hosts_of_values, require_free_hosts
from platz.tasks.cluster_faults import HelmFailed, helm_failure
from platz.tasks.context import Interrupted, OperationContext
from platz.tasks.releases import helm_run, prepare_chart, prepare_namespace
from platz.tasks.task_target import TaskTarget, load_revision

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NoNewPlace(PlatzError):
    """The deployment can't have its new place, and is left where it was."""


def make_place(context: OperationContext, task: TaskRow, target: TaskTarget) -> None:
    """Make the deployment's new namespace, and look whether its chart can be installed there.

    Raises `NoNewPlace` with the reason, and other errors when the cluster or the database does not respond.
    """
    try:
        _require_name(target)
        client = context.kube(target.cluster.id)
        was_there = find_namespace(client, name=target.namespace) is not None
        prepare_namespace(context, task, target)
        try:
            _look(context, task, target, client)
        except PlatzError as error:
            if not (was_there or _may_pass(error)):
                _undo(client, target)
            raise
    except PlatzError as error:
        if _may_pass(error):
            raise
        raise NoNewPlace(f"{error.message} The deployment was left where it was.") from error


def _may_pass(error: PlatzError) -> bool:
    """Return whether the error says nothing about the place: the task was interrupted, or may succeed if repeated."""
    if isinstance(error, HelmFailed):
        return error.trouble is not None
    return isinstance(error, Interrupted | Retryable | KubeDenied)


def _require_name(target: TaskTarget) -> None:
    if not is_namespace_name(target.namespace):
        raise Rejected(
            f"{target.namespace} can't be the name of a namespace; choose another name.", field="name"
        )


def _look(context: OperationContext, task: TaskRow, target: TaskTarget, client: KubeClient) -> None:
    """Render the chart of the Upgrade behind the Recreate, without installing it, and look at its ingress hosts."""
    with context.database.reading() as connection:
        upgrade = task_waits.next_step(connection, task)
        if upgrade is None:
            return
        revision = load_revision(connection, upgrade)
        left = left_namespaces.of_deployment(connection, target.deployment.id)
    chart = prepare_chart(context, target, revision)
    own = {target.namespace, *(each.namespace for each in left if each.cluster_id == target.cluster.id)}
    require_free_hosts(client, hosts_of_values(chart.composed.values), own_namespaces=own)
    run = helm_run(context, upgrade, target, chart, action=HelmAction.UPGRADE, dry_run=True)
    outcome = context.run_helm(run, cluster_id=target.cluster.id, task=task)
    if not outcome.ok:
        raise helm_failure(outcome, client)


def _undo(client: KubeClient, target: TaskTarget) -> None:
    """Remove the namespace that was just made; if that fails, it stays, and the next attempt finds it."""
    try:
        delete_namespace_of(client, name=target.namespace, deployment_id=target.deployment.id)
    except PlatzError as error:
        log.warning("A new namespace could not be removed again", action="remove", reason=error.message)
