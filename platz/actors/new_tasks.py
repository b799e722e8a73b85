"""Which clusters have new tasks: asked once of the database, however many runners want to know.

A change event names a task and not its cluster, and comes to the runners of all clusters at once.
"""

from __future__ import annotations

import threading

from platz.db.database import Database
from platz.db.events import RowChange
from platz.db.tables import tasks
from platz.identities import ClusterId, TaskId

Changes = tuple[RowChange, ...]


class NewTasks:
    """Remembers the answer for the last batch of changes; safe from every thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._changes: Changes = ()
        self._clusters: frozenset[ClusterId] = frozenset()

    def clusters(self, changes: Changes) -> frozenset[ClusterId]:
        """The clusters of the tasks that these changes inserted. Raises `Retryable`."""
        with self._lock:
            if changes is not self._changes:
                self._clusters = self._ask(changes)
                self._changes = changes
            return self._clusters

    def _ask(self, changes: Changes) -> frozenset[ClusterId]:
        inserted = [TaskId(change.id) for change in changes if change.operation == "INSERT"]
        if not inserted:
            return frozenset()
        with self._database.reading() as connection:
            return tasks.clusters_of(connection, inserted)
