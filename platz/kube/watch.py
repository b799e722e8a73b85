"""Watches one kind of object in one cluster, for ever: three nested generators, each with one reason to end.

`Watch.events` (ends when it is stopped; tries again with growing pauses) runs `_list_then_streams` (ends when the
cluster has forgotten the resource version, or fails), which runs `_one_stream` (ends with its HTTP response).

Invariant: no change is lost. Each stream begins at the resource version that the one before it reached; when
the cluster no longer knows that version (410), or keeps failing, a new list is read. A connection that died
without being closed (half-open) is recognised by its silence, since a server sends bookmarks about every
minute. `stop` ends the generator at once, from any thread, also while it waits for a socket.
Source: Kubernetes API concepts, "Efficient detection of changes".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import orjson

from platz.backoff import Backoff
from platz.errors import PlatzError
from platz.json import JsonObject, JsonValue
from platz.kube.api_responses import error_from_status
from platz.kube.breaker import CLUSTER_BACKOFF, Breaker
from platz.kube.client import KubeClient
from platz.kube.errors import (
    KubeAborted,
    KubeDenied,
    KubeGone,
    KubeNotFound,
    KubeUnreachable,
    doubts_access,
)
from platz.kube.stream import StreamBroken, StreamSilent
from platz.kube.watch_specs import (
    Changes,
    Gone,
    Snapshot,
    Upsert,
    WatchEvent,
    WatchFailed,
    WatchHealthy,
    WatchSpec,
)

_FAILURES_BEFORE_LIST = 3
_REFUSED_SECONDS = 30.0
"""How long to leave alone what the cluster refuses and Platz can do without; the right may be given later."""
_MAX_WISH_SECONDS = 60.0
"""The most seconds that a cluster may ask to be left alone (Retry-After)."""


@dataclass(frozen=True, kw_only=True)
class WatchTiming:
    """Seconds: how long the server keeps a stream, the silence after which it counts as dead, the pauses
    between attempts, and how long a stream must have lasted to count as a success."""

    stream: int = 290
    idle_timeout: float = 100.0
    settled: float = 10.0
    backoff: Backoff = CLUSTER_BACKOFF


class Watch:
    """The watch of one kind in one cluster; `events` is for one thread, `stop` for any."""

    def __init__(
        self, client: KubeClient, watched: WatchSpec, *, breaker: Breaker, timing: WatchTiming | None = None
    ) -> None:
        """``client`` must be this watch's own, because `stop` ends its connections; ``breaker`` is the cluster's."""
        self._client = client
        self._watched = watched
        self._breaker = breaker
        self._timing = timing or WatchTiming()
        self._stopped = threading.Event()
        self._version = ""
        self._failures = 0
        self._healthy = False

    def stop(self) -> None:
        """End `events` now."""
        self._stopped.set()
        self._client.abort()

    def events(self) -> Iterator[WatchEvent]:
        """Yield the events of the watch until `stop`; errors of the cluster as `WatchFailed`, never raised."""
        while self._may_try():
            try:
                yield from self._list_then_streams()
            except KubeAborted:
                return
            except KubeGone:
                self._version = ""
                self._pause()
            except PlatzError as error:
                failure = self._failure(error)
                if not failure.refused:
                    self._breaker.failed()
                self._healthy = False
                yield failure
                self._pause(at_least=self._wished_pause(error, failure))

    def _failure(self, error: PlatzError) -> WatchFailed:
        access = doubts_access(error)
        refused = isinstance(error, KubeDenied | KubeNotFound) and not access
        return WatchFailed(reason=error.message, doubts_access=access, refused=refused)

    def _wished_pause(self, error: PlatzError, failure: WatchFailed) -> float:
        if failure.refused and self._watched.optional:
            return _REFUSED_SECONDS
        return error.retry_after if isinstance(error, KubeUnreachable) else 0.0

    def _may_try(self) -> bool:
        """Wait for the cluster's breaker; return False when stopped."""
        while not self._stopped.is_set():
            seconds = self._breaker.seconds_to_wait()
            if seconds == 0:
                return True
            self._stopped.wait(seconds)
        return False

    def _pause(self, *, at_least: float = 0.0) -> None:
        """Wait longer with every failure in a row; after some of them, drop the resource version."""
        self._failures += 1
        if self._failures >= _FAILURES_BEFORE_LIST:
            self._version = ""
        pause = self._timing.backoff.after(self._failures)
        self._stopped.wait(max(pause, min(at_least, _MAX_WISH_SECONDS)))

    def _list_then_streams(self) -> Iterator[WatchEvent]:
        """List unless a resource version is known, then watch stream after stream while that version holds."""
        if not self._version:
            listing = self._client.list_all(
                self._watched.resource, label_selector=self._watched.label_selector
            )
            self._version = listing.resource_version
            self._breaker.succeeded()
            yield Snapshot(objects=listing.items)
        while self._version and not self._stopped.is_set():
            began, reached = time.monotonic(), self._version
            yield from self._one_stream()
            if self._version != reached or time.monotonic() - began >= self._timing.settled:
                self._failures = 0
            else:
                self._pause()  # a server that closes at once must not be asked in a tight loop

    def _one_stream(self) -> Iterator[WatchEvent]:
        """Yield the changes of one HTTP response until it ends or falls silent."""
        path = self._watched.resource.path()
        with self._client.stream(
            path, parameters=self._parameters(), idle_timeout=self._timing.idle_timeout
        ) as stream:
            self._breaker.succeeded()
            if not self._healthy:
                self._healthy = True
                yield WatchHealthy()
            try:
                for lines in stream.batches():
                    changes = tuple(change for line in lines if (change := self._change(line)))
                    if changes:
                        yield Changes(changes=changes)
            except (StreamSilent, StreamBroken):
                return  # the next stream goes on where this one was

    def _parameters(self) -> dict[str, str]:
        parameters = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(self._timing.stream),
        }
        if self._watched.label_selector:
            parameters["labelSelector"] = self._watched.label_selector
        return parameters

    def _change(self, line: bytes) -> Upsert | Gone | None:
        """Return the change that a line reports, and keep its resource version."""
        try:
            event: JsonValue = orjson.loads(line)
        except orjson.JSONDecodeError:
            event = None
        match event:
            case {"type": "ERROR", "object": status}:
                raise self._told_error(status)
            case {"type": str(kind), "object": {"metadata": {"resourceVersion": str(version)}} as found}:
                self._version = version
            case _:
                raise KubeUnreachable(f"Cluster {self._client.cluster} sent a broken watch event.")
        match kind:
            case "ADDED" | "MODIFIED":
                return Upsert(object=cast("JsonObject", found))
            case "DELETED":
                return Gone(object=cast("JsonObject", found))
            case _:
                return None  # BOOKMARK

    def _told_error(self, status: JsonValue) -> PlatzError:
        code = status.get("code") if isinstance(status, dict) else None
        return error_from_status(
            self._client.cluster, code if isinstance(code, int) else 500, orjson.dumps(status)
        )
