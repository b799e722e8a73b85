"""The end of tasks that nobody will go on with: those of a cluster that an admin told Platz to ignore.

Invariant: only the holder of the cluster's lease ends them, so that no runner works on them any more.

Source: docs/contract/workers.md, "Which clusters are served".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.db import task_queue
from platz.db.tables.clusters import ClusterSummary
from platz.db.tables.lease_rows import Lease
from platz.identities import TaskId
from platz.tasks.failures import show_failure
from platz.tasks.operation_kinds import OPERATION_KINDS


def end_tasks_of_ignored(connection: Connection, cluster: ClusterSummary, lease: Lease) -> list[TaskId]:
    """Fail the started tasks of an ignored cluster, whose lease the caller has, with the reason; return their ids."""
    reason = (
        f"Platz stopped this task, because cluster {cluster.name} is to be ignored. What the task had done is left as"
        " it is: stop ignoring the cluster, and make the change again."
    )
    ended: list[TaskId] = []
    for task in task_queue.started_tasks(connection, cluster.id):
        if task_queue.abandon(connection, task.id, lease, formerly=task.claimed_by, reason=reason):
            show_failure(connection, task, OPERATION_KINDS.get(task.operation_name), reason)
            ended.append(task.id)
    return ended
