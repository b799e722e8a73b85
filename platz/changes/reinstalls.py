"""The Reinstall tasks of deployments that a change affects.

Invariants: only deployments that are enabled, installed and not being deleted are reinstalled. Their rows are locked
when this is checked, so a Reinstall never follows the Uninstall of a concurrent change. A Reinstall that follows from
the change of another deployment begins only when that change has been carried out.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from platz.changes.dependants import deployment_item
from platz.db.dependants import Item, dependants_of
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, task_waits, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.identities import DeploymentId, Identity, TaskId
from platz.tasks.operations import Reinstall, to_json


def reinstall_dependants(connection: Connection, item: Item, reason: str, actor: Identity) -> list[TaskId]:
    """Lock the enabled deployments that use the item, queue a Reinstall for each, and return the tasks' ids."""
    users = [dependant.id for dependant in dependants_of(connection, item) if dependant.enabled]
    return reinstall(connection, deployments.lock(connection, users).values(), reason, actor)


def reinstall(
    connection: Connection,
    locked: Iterable[DeploymentRow],
    reason: str,
    actor: Identity,
    *,
    after: TaskId | None = None,
) -> list[TaskId]:
    """Queue a Reinstall for each locked deployment that is enabled and not being deleted; return the tasks' ids.

    They wait for the task ``after``. A deployment whose first Install is running, perhaps with the former state of
    what it uses, is reinstalled if that Install succeeds; one that was never installed is left alone.
    """
    operation = to_json(Reinstall(reason=reason))
    queued: list[TaskId] = []
    for row in locked:
        if not row.enabled or row.status is DeploymentStatus.DELETING:
            continue
        first_install = None if row.revision_id is not None else tasks.started(connection, row.id)
        if row.revision_id is None and first_install is None:
            continue
        new = tasks.NewTask(deployment_id=row.id, cluster_id=row.cluster_id, operation=operation)
        made = tasks.insert_pending(connection, [new], actor)
        waits_for = after or first_install
        if waits_for is not None:
            task_waits.add(connection, made, waits_for)
        queued += made
    return queued


def lock_with_dependants(
    connection: Connection, deployment_id: DeploymentId
) -> dict[DeploymentId, DeploymentRow]:
    """Lock a deployment and the enabled deployments that use it, together and in the order of their ids.

    Two deployments may use each other, so if they were locked one after the other, two changes could deadlock.
    """
    users = [user.id for user in dependants_of(connection, deployment_item(deployment_id)) if user.enabled]
    return deployments.lock(connection, [deployment_id, *users])
