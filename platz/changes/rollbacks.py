"""Bring back an earlier revision of a deployment: its chart, inputs and override, as a new revision.

Invariant: a rollback is an update like any other (`platz.changes.deployments`), with the same rules, locks and tasks;
its Upgrade says what it undoes. Name, cluster and description stay as they are.

Source: docs/contract/http-api.md, "Rolling back a deployment".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import sees_cluster
from platz.changes.deployments import DeploymentUpdate, update_deployment
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.field_encryption import decrypt_fields
from platz.db.tables import charts, deployments, tasks
from platz.db.tables.charts import ChartRow
from platz.db.tables.deployments import DeploymentRow
from platz.db.tables.tasks import TaskRow
from platz.errors import Conflict, NotFound, Rejected
from platz.identities import DeploymentId, Identity, TaskId
from platz.tasks.operations import Install, Upgrade, from_json


def rollback_deployment(
    connection: Connection,
    identity: Identity,
    deployment_id: DeploymentId,
    revision_id: TaskId,
    *,
    cipher: Cipher,
    check: Callable[[DeploymentRow], None] = lambda _row: None,
) -> None:
    """Give the deployment the chart, inputs and override of an earlier revision, and queue the Upgrade.

    Raises NotFound, Denied, Rejected (no revision of this deployment), Conflict (it never succeeded, its chart is gone,
    it is what the deployment has already, the deployment is disabled), and what `update_deployment` raises.
    """

    def check_enabled(locked: DeploymentRow) -> None:
        _require_enabled(locked)
        check(locked)

    row = _permitted(connection, identity, deployment_id)
    task, revision = succeeded_revision(connection, identity, deployment_id, revision_id)
    chart = _installable_chart(connection, revision)
    is_changed = update_deployment(
        connection,
        identity,
        deployment_id,
        restoring(revision, cipher),
        cipher=cipher,
        reason=_what_it_undoes(connection, row, task, chart),
        check=check_enabled,
    )
    if not is_changed:
        raise Conflict(
            "The deployment already has the chart, inputs and override of this revision, so there is nothing to go"
            " back to."
        )


def succeeded_revision(
    connection: Connection, identity: Identity, deployment_id: DeploymentId, revision_id: TaskId
) -> tuple[TaskRow, Install | Upgrade]:
    """Return a successful Install or Upgrade of the deployment.

    Raises `Rejected` if the identity sees no such task, and `Conflict` if it did not succeed or installed nothing.
    """
    task = tasks.get(connection, revision_id)
    is_own = task is not None and task.deployment_id == deployment_id
    if task is None or not (is_own and sees_cluster(connection, identity, task.cluster_id)):
        raise Rejected(
            "This deployment has no such revision; a revision is the id of one of its tasks",
            field="revision_id",
        )
    operation = from_json(task.operation)
    if not isinstance(operation, Install | Upgrade):
        raise Conflict(
            f"A task of the kind {task.operation_name} is no revision; only Install and Upgrade are."
        )
    if task.status is not TaskStatus.DONE:
        raise Conflict(f"This {task.operation_name} never succeeded: it is {task.status}.")
    return task, operation


def restoring(revision: Install | Upgrade, cipher: Cipher) -> DeploymentUpdate:
    """Return the update that brings a revision back, in plain; null stands for the empty object."""
    config, override = decrypt_fields(revision.config_inputs, cipher), revision.values_override
    return DeploymentUpdate(
        helm_chart_id=revision.helm_chart_id,
        config={} if config is None else config,
        values_override={} if override is None else override,
    )


def _permitted(connection: Connection, identity: Identity, deployment_id: DeploymentId) -> DeploymentRow:
    row = deployments.get(connection, deployment_id)
    if row is None:
        raise NotFound
    permissions.require_rollback(
        connection, row.cluster_id, row.kind_id, identity, deployment_id=deployment_id
    )
    return row


def _require_enabled(row: DeploymentRow) -> None:
    """Raise `Conflict` for a disabled deployment; of one that is being deleted, the update says so itself."""
    if not row.enabled and row.status is not DeploymentStatus.DELETING:
        raise Conflict(
            "The deployment is disabled, so nothing of it runs that could be rolled back. Enable it first."
        )


def _installable_chart(connection: Connection, revision: Install | Upgrade) -> ChartRow:
    chart = charts.get(connection, revision.helm_chart_id)
    if chart is None:
        raise Conflict("The chart of this revision does not exist any more, so it can't be installed again.")
    if not chart.available:
        raise Conflict(
            f"The chart of this revision, {chart.image_tag}, was removed from its registry, so it can't be installed"
            " again. Push it once more first."
        )
    return chart


def _what_it_undoes(connection: Connection, row: DeploymentRow, task: TaskRow, chart: ChartRow) -> str:
    back_to = f"Rollback to revision {_told(task, chart)}"
    present = tasks.get(connection, row.revision_id) if row.revision_id else None
    if present is None or present.id == task.id:
        return f"{back_to}; this undoes what was changed since."
    operation = from_json(present.operation)
    installs = isinstance(operation, Install | Upgrade)
    undone = charts.get(connection, operation.helm_chart_id) if installs else None
    return f"{back_to}; this undoes revision {_told(present, undone)}."


def _told(task: TaskRow, chart: ChartRow | None) -> str:
    moment = task.execute_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{task.id} (chart {chart.image_tag if chart else 'unknown'}, {moment})"
