"""The watches of one cluster and the probe of its reachability: one thread for each, which reports to the actor.

Invariant: at most ``MAX_UNHANDLED`` events of a cluster wait in the actor's mailbox; beyond that the watches wait,
and their events stay with Kubernetes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from platz.kube.breaker import Breaker
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.reachability import ReachabilityProbe, ReachabilityReport
from platz.kube.watch import Watch
from platz.kube.watch_specs import WATCH_SPECS, WatchEvent, WatchSpec

MAX_UNHANDLED = 64


class ClusterWatches:
    """The watches of every kind in `WATCH_SPECS`, and the probe, which run until `stop`."""

    def __init__(
        self,
        *,
        access: ClusterAccess,
        tell: Callable[[WatchSpec, WatchEvent], None],
        tell_reachability: Callable[[ReachabilityReport], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Take ``tell`` and ``tell_reachability``, which are called on the threads with each event and report, and
        ``failed``, which is called with the unexpected error that ended a thread. The receiver of the events calls
        `handled` for each of them.
        """
        self._tell = tell
        self._tell_reachability = tell_reachability
        self._failed = failed
        self._room = threading.Semaphore(MAX_UNHANDLED)
        self._stopped = threading.Event()
        self._probe = ReachabilityProbe(KubeClient(access))
        breaker = Breaker()
        self._watches = [
            (watched, Watch(KubeClient(access), watched, breaker=breaker)) for watched in WATCH_SPECS
        ]

    def start(self) -> None:
        """Start the threads."""
        for watched, watch in self._watches:
            name = f"watch-{watched.resource.plural}"
            threading.Thread(target=self._run, args=(watched, watch), name=name, daemon=True).start()
        threading.Thread(target=self._run_probe, name="probe", daemon=True).start()

    def stop(self) -> None:
        """Report no more events; the threads end as soon as their sockets are cut."""
        self._stopped.set()
        self._probe.stop()
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
        except Exception as error:  # noqa: BLE001 - a thread must not end unnoticed: its actor ends, too
            self._failed(error)

    def _run_probe(self) -> None:
        try:
            for report in self._probe.reports():
                self._tell_reachability(report)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
