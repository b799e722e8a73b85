"""The recovery of a task whose runner is gone: the cluster shows what happened to it.

The last revision of the Helm release carries the id of the task that made it. If it is this task's and deployed, Helm
had finished. If it is still pending, Helm died with its runner and does not run now, because this process holds the
cluster's lease; the task runs again, and its steps clear the revision away (`platz.tasks.releasing.helm_runs`).
"""

from __future__ import annotations

from enum import Enum

from platz.db.tables.tasks import TaskRow
from platz.helm.releases import last_revision
from platz.kube.secret_objects import Secrets
from platz.tasks.context import OperationContext
from platz.tasks.operation_kinds import OperationKind
from platz.tasks.releases import is_finished
from platz.tasks.task_target import load_target


class RecoveryAction(Enum):
    """What to do with an interrupted task; the value says why, for the log."""

    FINISHED = "Helm had finished"
    REPEATABLE = "it can be run again"
    NOT_REPEATABLE = "it must not be run twice"


def inspect_interrupted_task(context: OperationContext, task: TaskRow, kind: OperationKind) -> RecoveryAction:
    """Look at what the task left in the cluster, and return what to do with it; nothing is changed.

    Raises the errors of the cluster and the database.
    """
    if not kind.may_be_repeated:
        return RecoveryAction.NOT_REPEATABLE
    if not kind.is_release:
        return RecoveryAction.REPEATABLE
    with context.database.reading() as connection:
        target = load_target(connection, task)
    store = Secrets(context.kube(target.cluster.id))
    last = last_revision(store, namespace=target.namespace, release=target.namespace)
    if is_finished(last, task):
        return RecoveryAction.FINISHED
    return RecoveryAction.REPEATABLE
