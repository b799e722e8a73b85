"""Fault switches: deliberate failures of some requests and streams.

Invariant: a fault with a count is switched off after that many hits; a fault of streams also hits those that are open
when it is switched on.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from platz.errors import Rejected


class Action(Enum):
    """The effects of a fault on a request or stream."""

    LATENCY = "latency"  # the response is delayed by `seconds`
    STATUS = "status"  # the status is `code`, with `retry_after` as Retry-After
    DROP = "drop"  # the connection is closed without a response
    HANG = "hang"  # the connection stays open, but nothing more is sent
    TRUNCATE = "truncate"  # a new stream is cut after `after_bytes` bytes, an open one at once
    GONE = "gone"  # 410 Expired; in a watch, as an ERROR event
    UNAUTHORIZED = "unauthorized"  # 401, as for an expired token
    THROTTLE = "throttle"  # 429 for more than `per_second` requests a second


_ENDING = frozenset({Action.STATUS, Action.DROP, Action.HANG, Action.UNAUTHORIZED, Action.THROTTLE})
ON_STREAMS = frozenset({Action.DROP, Action.HANG, Action.TRUNCATE, Action.GONE})


@dataclass(kw_only=True)
class Fault:
    """A fault that is switched on; None as ``cluster``, ``verb`` or ``path`` (a regular expression) means any."""

    id: int
    action: Action
    cluster: str | None = None
    verb: str | None = None
    path: re.Pattern[str] | None = None
    count: int | None = None
    seconds: float = 0.0
    code: int = 500
    retry_after: int | None = None
    after_bytes: int = 0
    per_second: float = 5.0
    hits: int = 0
    _allowance: float = field(default=1.0, repr=False)
    _counted_at: float = field(default_factory=time.monotonic, repr=False)

    def covers(self, cluster: str, verb: str, path: str) -> bool:
        """Tell whether the fault applies to a request."""
        return (
            self.cluster in {None, cluster}
            and self.verb in {None, verb}
            and (self.path is None or self.path.search(path) is not None)
        )

    def over_limit(self) -> bool:
        """Count one throttled request; return whether it exceeds the limit."""
        now = time.monotonic()
        self._allowance = min(
            max(self.per_second, 1.0), self._allowance + (now - self._counted_at) * self.per_second
        )
        self._counted_at = now
        if self._allowance < 1:
            return True
        self._allowance -= 1
        return False

    def document(self) -> dict[str, Any]:
        """Return the fault as JSON for the control endpoint."""
        return {
            "id": self.id, "action": self.action.value, "cluster": self.cluster, "verb": self.verb,
            "path": self.path.pattern if self.path else None, "count": self.count, "seconds": self.seconds,
            "code": self.code, "retry_after": self.retry_after, "after_bytes": self.after_bytes,
            "per_second": self.per_second, "hits": self.hits,
        }  # fmt: skip


_OPTIONS = {"cluster": str, "verb": str, "count": int, "seconds": (int, float), "code": int, "retry_after": int,
            "after_bytes": int, "per_second": (int, float)}  # fmt: skip


def read_fault(number: int, document: dict[str, Any]) -> Fault:
    """Parse a fault from the control endpoint's JSON; raise `Rejected` about a wrong option."""
    options = {key: value for key, value in document.items() if value is not None and key != "action"}
    path = options.pop("path", None)
    for key, value in options.items():
        if key not in _OPTIONS or not isinstance(value, _OPTIONS[key]):
            raise Rejected(f"{key!r} is not an option of a fault, or {value!r} does not fit it.", field=key)
    try:
        action = Action(document.get("action"))
        pattern = re.compile(path) if path is not None else None
    except (ValueError, re.error, TypeError) as error:
        raise Rejected(f"The fault can't be read: {error}.") from error
    return Fault(id=number, action=action, path=pattern, **options)


@dataclass(eq=False, kw_only=True)
class OpenStream:
    """An open stream; ``hit`` is resolved with the fault that hits it."""

    cluster: str
    verb: str
    path: str
    hit: asyncio.Future[Fault]


class Faults:
    """The faults that are switched on, and the open streams."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._numbers = itertools.count(1)
        self._streams: set[OpenStream] = set()

    def __iter__(self) -> Iterator[Fault]:
        """Iterate over the faults that are switched on."""
        return iter(self._faults.values())

    def switch_on(self, document: dict[str, Any]) -> Fault:
        """Switch a fault on; a fault of streams hits the matching open streams at once."""
        fault = read_fault(next(self._numbers), document)
        self._faults[fault.id] = fault
        if fault.action in ON_STREAMS:
            for stream in [s for s in self._streams if fault.covers(s.cluster, s.verb, s.path)]:
                if not stream.hit.done() and self._use(fault):
                    stream.hit.set_result(fault)
        return fault

    def switch_off(self, number: int | None = None) -> None:
        """Switch one fault off, or all when ``number`` is None."""
        if number is None:
            self._faults.clear()
        else:
            self._faults.pop(number, None)

    def hitting(self, cluster: str, verb: str, path: str) -> list[Fault]:
        """Return the faults that hit this request, up to the first that ends it, and count their hits."""
        hitting: list[Fault] = []
        for fault in list(self._faults.values()):
            if not fault.covers(cluster, verb, path):
                continue
            if (fault.action is not Action.THROTTLE or fault.over_limit()) and self._use(fault):
                hitting.append(fault)
                if fault.action in _ENDING:
                    break
        return hitting

    def take_away(self, cluster: str, verb: str, path: str) -> bool:
        """Return whether a fault with status 403 covers this request; that is no hit."""
        return any(
            fault.action is Action.STATUS and fault.code == 403 and fault.covers(cluster, verb, path)
            for fault in self._faults.values()
        )

    def _use(self, fault: Fault) -> bool:
        if fault.count is not None and fault.hits >= fault.count:
            return False
        fault.hits += 1
        if fault.count == fault.hits:
            self._faults.pop(fault.id, None)
        return True

    def open_stream(self, cluster: str, verb: str, path: str) -> OpenStream:
        """Register a stream; the caller must close it with `close_stream`."""
        hit: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
        stream = OpenStream(cluster=cluster, verb=verb, path=path, hit=hit)
        self._streams.add(stream)
        return stream

    def close_stream(self, stream: OpenStream) -> None:
        """Unregister a stream."""
        self._streams.discard(stream)
        stream.hit.cancel()
