"""The task dispatcher: it tells each cluster's runner about tasks that may be due.

owns   nothing
hears  `RowChanged` of tasks
tells  `TasksAdded`
never  claims a task

A change event names a task but not its cluster. This actor looks the cluster up once for all runners, so that a new
task, or the end of one for which others wait, wakes only the runners of the clusters concerned.
"""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import override

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import RowChanged, TasksAdded
from platz.db import schema, task_queue
from platz.db.database import Database
from platz.identities import ClusterId, TaskId


class TaskDispatcher(Actor):
    """An actor that finds the clusters of tasks that may be due, and tells their runners."""

    hears = frozenset({RowChanged})
    tables = frozenset({schema.deployment_tasks.name})

    def __init__(
        self, *, name: str, generation: int, actor_context: ActorContext, database: Database
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._database = database

    @override
    def catch_up(self) -> None:
        with self._database.reading() as connection:
            clusters = task_queue.clusters_with_due_tasks(connection)
        self._tell(clusters)

    @override
    def handle(self, message: object) -> None:
        match message:
            case RowChanged(changes=changes):
                added = [TaskId(change.id) for change in changes if change.operation == "INSERT"]
                changed = [TaskId(change.id) for change in changes if change.operation == "UPDATE"]
                with self._database.reading() as connection:
                    clusters = task_queue.clusters_to_wake(connection, added=added, changed=changed)
                self._tell(clusters)
            case _:
                super().handle(message)

    def _tell(self, clusters: Iterable[ClusterId]) -> None:
        for cluster_id in clusters:
            self.publish(TasksAdded(cluster_id=cluster_id))
