"""The watches of one cluster: a thread for each kind, which tells its actor what happens.

Invariant: at most ``MAX_UNHANDLED`` events wait in the actor's mailbox; a watch that has more waits
itself, and Kubernetes keeps its events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from platz.kube.breaker import Breaker
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.watch import Watch
from platz.kube.watch_specs import WATCH_SPECS, WatchEvent, WatchSpec

MAX_UNHANDLED = 64


class ClusterWatches:
    """Watches every kind of `WATCH_SPECS` until it is stopped."""

    def __init__(
        self,
        *,
        access: ClusterAccess,
        tell: Callable[[WatchSpec, WatchEvent], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """``tell`` is called on the watches' threads; its receiver calls `handled` for each event.

        ``failed`` is told of a defect that ended a watch.
        """
        self._tell = tell
        self._failed = failed
        self._room = threading.Semaphore(MAX_UNHANDLED)
        self._stopped = threading.Event()
        breaker = Breaker()
        self._watches = [
            (watched, Watch(KubeClient(access), watched, breaker=breaker)) for watched in WATCH_SPECS
        ]

    def start(self) -> None:
        """Start the threads."""
        for watched, watch in self._watches:
            name = f"watch-{watched.resource.plural}"
            threading.Thread(target=self._run, args=(watched, watch), name=name, daemon=True).start()

    def stop(self) -> None:
        """Stop telling, now; the threads end as soon as their sockets are cut."""
        self._stopped.set()
        for _, watch in self._watches:
            watch.stop()
        self._room.release(len(self._watches))

    def handled(self) -> None:
        """Make room for one more event."""
        self._room.release()

    def _run(self, watched: WatchSpec, watch: Watch) -> None:
        try:
            for event in watch.events():
                self._room.acquire()
                if self._stopped.is_set():
                    return
                self._tell(watched, event)
        except Exception as error:  # noqa: BLE001 - nobody would notice that a thread is gone: its actor must end too
            self._failed(error)
