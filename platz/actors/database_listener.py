"""The database listener: it turns the notifications of PostgreSQL into messages.

owns   the LISTEN connection and the thread that reads it
hears  nothing
tells  `RowChanged`, one for each table of a batch, and `ListeningResumed` after every (re)connect
never  reads a row: an event says which row changed, not how

`ListeningResumed` is published only after LISTEN has taken effect, so an actor that then catches up misses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from typing_extensions import override

from platz import metrics
from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import ListeningResumed, RowChanged
from platz.backoff import Backoff
from platz.db.database import Database
from platz.db.events import ChangeStream, RowChange
from platz.errors import Retryable

BACKOFF = Backoff(first=0.5, limit=3.0)
"""The delays are short, because users see no live changes until this connection, one for each process, is back.

Source: docs/contract/http-api.md, "Process configuration".
"""


class DatabaseListener(Actor):
    """An actor that keeps one connection listening for as long as it lives."""

    def __init__(
        self, *, name: str, generation: int, actor_context: ActorContext, database: Database
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._stream = ChangeStream(database)
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._thread_of_its_own = ThreadPoolExecutor(1, thread_name_prefix=name)

    @override
    def on_started(self) -> None:
        self.submit(self._thread_of_its_own, self._listen)

    @override
    def on_stopped(self) -> None:
        self._stopping.set()
        self._stream.stop()
        self._thread_of_its_own.shutdown(wait=False)

    @override
    def describe(self) -> str:
        return "listening" if self._listening.is_set() else "not connected"

    def _listen(self) -> None:
        with closing(self._stream):
            self._listen_until_stopped()

    def _listen_until_stopped(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._stream.open()
                self._listening.set()
                self.log.info("Listening to changes", action="listen")
                self.publish(ListeningResumed())
                metrics.listener_reconnects.inc()
                failures = 0
                for batch in self._stream:
                    self._tell(batch)
            except Retryable as error:
                if not self._stopping.is_set():
                    self.log.warning("Listening was interrupted", action="wait", reason=error.message)
            self._listening.clear()
            failures += 1
            self._stopping.wait(BACKOFF.after(failures))

    def _tell(self, batch: Sequence[RowChange]) -> None:
        tables: dict[str, list[RowChange]] = {}
        for change in batch:
            tables.setdefault(change.table, []).append(change)
        for table, changes in tables.items():
            metrics.change_events.labels(table).inc(len(changes))
            self.publish(RowChanged(table=table, changes=tuple(changes)))
