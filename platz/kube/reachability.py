"""Whether a cluster's API server answers, asked every few seconds with a request that needs the server's store.

A watch notices neither a server that stands still (its connection is merely quiet) nor one without its store (what it
has cached it goes on to serve); a task needs both.

Invariant: a fault that stops tasks is reported within 15 s, and its end within 10 s of it.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from platz.errors import PlatzError
from platz.kube.client import KubeClient
from platz.kube.errors import KubeAborted, KubeUnreachable, doubts_access


class Reachability(Enum):
    """The states of a cluster as a task would find it."""

    ANSWERING = "it answers"
    LATE = "it did not answer the last request at once; perhaps it will answer the next"
    FAILING = "it answers that it can't do what it is asked"
    SILENT = "it does not answer"


@dataclass(frozen=True, kw_only=True)
class ReachabilityReport:
    """What the last request showed; ``reason`` is a sentence for `not_ok_reason`, None while nothing is wrong."""

    state: Reachability
    reason: str | None = None
    doubts_access: bool = False


@dataclass(frozen=True, kw_only=True)
class ProbeTiming:
    """Seconds: between two requests, after which a response is late, after which it will not come, and before a
    failure is confirmed."""

    every: float = 3.0
    late: float = 1.0
    silent: float = 5.0
    confirm: float = 0.5


_MAX_WISH_SECONDS = 30.0
"""The most seconds that the cluster may ask to be left alone (Retry-After)."""

_ANSWERING = ReachabilityReport(state=Reachability.ANSWERING)


class ReachabilityProbe:
    """The probe of one cluster; `reports` is for one thread, `stop` for any."""

    def __init__(self, client: KubeClient, timing: ProbeTiming | None = None) -> None:
        """``client`` must be this probe's own, because `stop` ends its connections."""
        self._client = client
        self._timing = timing or ProbeTiming()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End `reports` now."""
        self._stopped.set()
        self._client.abort()

    def reports(self) -> Iterator[ReachabilityReport]:
        """Yield a report whenever it differs from the one before, until `stop`."""
        last: ReachabilityReport | None = None
        while not self._stopped.is_set():
            for report in self._look(last):
                if report != last and not self._stopped.is_set():
                    yield report
                last = report
        return

    def _look(self, last: ReachabilityReport | None) -> Iterator[ReachabilityReport]:
        """Yield what is found: a first failure makes the cluster late, a second one in a row is believed."""
        pause = self._timing.every
        if last is None or last.state is Reachability.ANSWERING:
            error = self._error(self._timing.late)
            if error is not None:
                yield ReachabilityReport(state=Reachability.LATE)
                self._stopped.wait(self._timing.confirm)
                error = self._error(self._timing.silent)
        else:
            error = self._error(self._timing.silent)
        yield _ANSWERING if error is None else _report(error)
        if isinstance(error, KubeUnreachable):
            pause = max(pause, min(error.retry_after, _MAX_WISH_SECONDS))
        self._stopped.wait(pause)

    def _error(self, seconds: float) -> PlatzError | None:
        try:
            self._client.check(seconds=seconds)
        except KubeAborted:
            return None  # `stop` was called; nothing is reported any more
        except PlatzError as error:
            return error
        return None


def _report(error: PlatzError) -> ReachabilityReport:
    answered = error.answered if isinstance(error, KubeUnreachable) else True
    return ReachabilityReport(
        state=Reachability.FAILING if answered else Reachability.SILENT,
        reason=error.message,
        doubts_access=doubts_access(error),
    )
