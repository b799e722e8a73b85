"""Finds out what became of a task whose owner is gone, by asking the cluster.

Source: design section 4. The release's last revision carries the id of the task that made it. A revision of
this task that is deployed means that Helm had finished; one that is pending means that Helm died with its
owner, and nobody runs it now (the cluster's lease is ours), so it is taken away and the task runs again.
"""

from __future__ import annotations

from enum import Enum

from platz.db.tasks import TaskRow
from platz.deployments.operations.context import OperationContext


class Finding(Enum):
    """What the next owner has to do."""

    FINISHED = "Helm had finished"
    REPEATABLE = "it can be run again"
    NOT_REPEATABLE = "it must not be run twice"


def find_out(context: OperationContext, task: TaskRow) -> Finding:
    """Look at what the task left behind, and repair what would stand in the way of running it again."""
    if "InvokeAction" in task.operation:
        return Finding.NOT_REPEATABLE
    if not {"Install", "Upgrade", "Reinstall"} & set(task.operation):
        return Finding.REPEATABLE
    return _release_finding(context, task)
