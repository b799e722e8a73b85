"""Finds out what became of a task whose owner is gone, by asking the cluster.

The release's last revision carries the id of the task that made it. A revision of
this task that is deployed means that Helm had finished; one under way means that Helm died with its owner, and
nobody runs it now (the cluster's lease is ours), so it is cleared away and the task runs again.
"""

from __future__ import annotations

from enum import Enum

from platz.db.tables.tasks import TaskRow
from platz.helm.releases import ReleaseStatus, last_revision
from platz.kube.secret_objects import Secrets
from platz.tasks.context import OperationContext
from platz.tasks.operation_kinds import OperationKind
from platz.tasks.releases import task_of
from platz.tasks.task_target import load_target


class RecoveryAction(Enum):
    """What the next owner has to do."""

    FINISHED = "Helm had finished"
    REPEATABLE = "it can be run again"
    NOT_REPEATABLE = "it must not be run twice"


def inspect_interrupted_task(context: OperationContext, task: TaskRow, kind: OperationKind) -> RecoveryAction:
    """Look at what the task left behind, and clear away what would stand in the way of running it again.

    Raises what the cluster or the database raise.
    """
    if not kind.may_be_repeated:
        return RecoveryAction.NOT_REPEATABLE
    if not kind.is_release:
        return RecoveryAction.REPEATABLE
    with context.database.reading() as connection:
        target = load_target(connection, task)
    store = Secrets(context.kube(target.cluster.id))
    last = last_revision(store, namespace=target.namespace, release=target.namespace)
    if last is not None and last.status is ReleaseStatus.DEPLOYED and task_of(last) == str(task.id):
        return RecoveryAction.FINISHED
    return RecoveryAction.REPEATABLE
