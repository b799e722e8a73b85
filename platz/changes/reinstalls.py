"""The Reinstall tasks of deployments that a change affects.

Invariant: only deployments that are enabled and not being deleted are reinstalled. Their rows are locked when this is
checked, so a Reinstall never follows the Uninstall of a concurrent change.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from platz.changes.dependants import deployment_item
from platz.db.dependants import Item, dependants_of
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, tasks
from platz.db.tables.deployments import DeploymentRow
from platz.identities import DeploymentId, Identity, TaskId
from platz.tasks.operations import Reinstall, to_json


def reinstall_dependants(connection: Connection, item: Item, reason: str, actor: Identity) -> list[TaskId]:
    """Lock the enabled deployments that use the item, queue a Reinstall for each, and return the tasks' ids."""
    users = [dependant.id for dependant in dependants_of(connection, item) if dependant.enabled]
    return reinstall(connection, deployments.lock(connection, users).values(), reason, actor)


def reinstall(
    connection: Connection, locked: Iterable[DeploymentRow], reason: str, actor: Identity
) -> list[TaskId]:
    """Queue a Reinstall for each locked deployment that is enabled and not being deleted; return the tasks' ids."""
    operation = to_json(Reinstall(reason=reason))
    new_tasks = [
        tasks.NewTask(deployment_id=row.id, cluster_id=row.cluster_id, operation=operation)
        for row in locked
        if row.enabled and row.status is not DeploymentStatus.DELETING
    ]
    return tasks.insert_pending(connection, new_tasks, actor)


def lock_with_dependants(
    connection: Connection, deployment_id: DeploymentId
) -> dict[DeploymentId, DeploymentRow]:
    """Lock a deployment and the enabled deployments that use it, together and in the order of their ids.

    Two deployments may use each other, so if they were locked one after the other, two changes could deadlock.
    """
    users = [user.id for user in dependants_of(connection, deployment_item(deployment_id)) if user.enabled]
    return deployments.lock(connection, [deployment_id, *users])
