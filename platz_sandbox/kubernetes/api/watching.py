"""Watches: replay of changes from a version, then new changes; bookmarks; streaming lists; 410 for a lost history.

Invariant: a watch sends every change after its version exactly once and in order, or ends with an ERROR event.
A watcher costs one waiting future and has no queue, because it reads the shared history from its own version.
Source: Kubernetes "API concepts": efficient detection of changes, watch bookmarks, streaming lists.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.status_errors import ApiError, bad_request, expired
from platz_sandbox.kubernetes.objects.stored import Change, ChangeType, Matches, Stored

DEFAULT_SECONDS = 1800
BOOKMARK_SECONDS = 10
_BATCH = 500  # events in one write, so that a long replay does not block the event loop

Render = Callable[[Stored], bytes]


class ChangeSignals:
    """The signals that wake the watchers of a kind when one of its objects changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        cluster.listeners.append(self._ring)

    def _ring(self, change: Change) -> None:
        waiting = self._waiting.pop(change.now.resource, set[asyncio.Future[None]]())
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, resource: str, seconds: float) -> None:
        """Wait for the kind's next change, but at most ``seconds``."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[resource].add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            self._waiting[resource].discard(future)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The options of a watch; when ``version`` is None, the watch begins with the present state."""

    kind: Kind
    namespace: str | None
    matches: Matches
    version: int | None
    initial_events: bool
    bookmarks: bool
    seconds: float
    render: Render

    def covers(self, item: Stored) -> bool:
        """Tell whether an object belongs to this watch."""
        return (self.namespace is None or item.namespace == self.namespace) and self.matches(item)


def read_wanted(
    kind: Kind, namespace: str | None, query: Mapping[str, str], *, matches: Matches, render: Render
) -> Wanted:
    """Parse the options of a watch; raise 400 for a malformed version, or `sendInitialEvents` without its match."""
    text = query.get("resourceVersion") or "0"
    if not text.isdigit():
        raise bad_request(f'Invalid value: "{text}": resourceVersion must be a whole number')
    initial = query.get("sendInitialEvents") == "true"
    if initial and query.get("resourceVersionMatch") != "NotOlderThan":
        raise bad_request("resourceVersionMatch is required when sendInitialEvents is set: NotOlderThan")
    skipped = query.get("sendInitialEvents") == "false"
    return Wanted(
        kind=kind,
        namespace=namespace,
        matches=matches,
        version=None if initial or (text == "0" and not skipped) else int(text),
        initial_events=initial,
        bookmarks=query.get("allowWatchBookmarks") in {"true", "1"},
        seconds=float(query.get("timeoutSeconds") or DEFAULT_SECONDS),
        render=render,
    )


def error_event(error: ApiError) -> bytes:
    """Return the ERROR event that ends a watch."""
    return orjson.dumps({"type": "ERROR", "object": error.document()}) + b"\n"


def _event(type_: ChangeType, rendered: bytes) -> bytes:
    return b'{"type":"' + type_.value + b'","object":' + rendered + b"}\n"


def _bookmark(kind: Kind, version: int, *, end_of_list: bool = False) -> bytes:
    annotations = {"annotations": {"k8s.io/initial-events-end": "true"}} if end_of_list else {}
    metadata = {"resourceVersion": str(version), "creationTimestamp": None, **annotations}
    document = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
    return orjson.dumps({"type": "BOOKMARK", "object": document}) + b"\n"


def _batches(lines: Iterable[bytes]) -> Iterable[bytes]:
    batch: list[bytes] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _BATCH:
            yield b"".join(batch)
            batch.clear()
    if batch:
        yield b"".join(batch)


def _lines(changes: Iterable[Change], wanted: Wanted) -> Iterable[bytes]:
    """Yield changes as events; an object that enters or leaves the selection is ADDED or DELETED for this watch."""
    for change in changes:
        was = change.before is not None and wanted.covers(change.before)
        is_in = change.type is not ChangeType.DELETED and wanted.covers(change.now)
        if is_in:
            yield _event(ChangeType.MODIFIED if was else ChangeType.ADDED, wanted.render(change.now))
        elif was:
            yield _event(ChangeType.DELETED, wanted.render(change.now))


async def watch(cluster: Cluster, signals: ChangeSignals, wanted: Wanted) -> AsyncIterator[bytes]:
    """Yield the watch's bytes, in whole events, until its time is over or the history it needs is dropped."""
    ends = time.monotonic() + wanted.seconds
    history = cluster.history(wanted.kind.resource)
    position = wanted.version
    if position is None:
        position = cluster.version
        present = [
            item for item in cluster.list(wanted.kind.resource, wanted.namespace) if wanted.matches(item)
        ]
        for chunk in _batches(_event(ChangeType.ADDED, wanted.render(item)) for item in present):
            yield chunk
        if wanted.initial_events:
            yield _bookmark(wanted.kind, position, end_of_list=True)
    next_bookmark = time.monotonic() + BOOKMARK_SECONDS
    while True:
        if position < history.floor:
            yield error_event(expired(f"too old resource version: {position} ({history.floor})"))
            return
        changes, position = history.after(position), max(position, cluster.version)
        for chunk in _batches(_lines(changes, wanted)):
            yield chunk
        now = time.monotonic()
        if now >= min(next_bookmark, ends):
            if wanted.bookmarks and position == cluster.version:
                yield _bookmark(wanted.kind, position)
            next_bookmark = now + BOOKMARK_SECONDS
        if now >= ends:
            return
        if position >= cluster.version:
            await signals.wait(wanted.kind.resource, min(ends, next_bookmark) - now)
