"""The watches of a cluster: a defect that ends one of them is told, for its thread would end in silence."""

from __future__ import annotations

import queue

from platz.actors.cluster_watches import ClusterWatches
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential
from platz.kube.watch_specs import WATCH_SPECS


class BrokenCredentials:
    """Fails in a way that nobody foresaw."""

    def current(self) -> Credential:
        raise ZeroDivisionError

    def renew(self) -> Credential:
        raise ZeroDivisionError


def test_a_defect_in_a_watch_is_told() -> None:
    told: queue.SimpleQueue[BaseException] = queue.SimpleQueue()
    access = ClusterAccess(name="far", server="https://127.0.0.1:1", credentials=BrokenCredentials())
    watches = ClusterWatches(
        access=access,
        tell=lambda _watched, _event: None,
        tell_reachability=lambda _report: None,
        failed=told.put,
    )
    watches.start()
    threads = len(WATCH_SPECS) + 1  # the probe
    assert [type(told.get(timeout=10)) for _ in range(threads)] == [ZeroDivisionError] * threads
    watches.stop()
