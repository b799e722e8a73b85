"""One deadline for a whole exchange over HTTP: it is kept by shutting the sockets down, whatever the other side sends.

Invariant: after the deadline no thread waits on a socket of the exchange, even if the other side sends a byte now and
then, which resets the timeouts of single reads.
"""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Any, Protocol, cast


class NetworkStream(Protocol):
    """A connection of httpcore, as its trace events give it."""

    def get_extra_info(self, info: str) -> object:
        """Return the connection's socket for "socket"."""
        ...


class Deadline:
    """The deadline of one exchange, as a context manager; ``trace`` learns of the sockets that httpx opens.

    Source: httpx, "Extensions", "trace".
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    @property
    def remaining(self) -> float:
        """The seconds that are left, at least a millisecond."""
        return max(0.001, self._ends - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self._ends

    def trace(self, event: str, info: dict[str, Any]) -> None:  # Any: httpcore's values
        """Remember each socket when its connection stands, and again when TLS has replaced it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            opened = cast("NetworkStream", info["return_value"]).get_extra_info("socket")
            if isinstance(opened, socket.socket):
                self._add(opened)

    def _add(self, opened: socket.socket) -> None:
        with self._lock:
            self._sockets.append(opened)
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for opened in self._sockets:
                _shut(opened)


def _shut(opened: socket.socket) -> None:
    # Not SSLSocket.shutdown, which takes the TLS object away from a thread that reads through it.
    try:
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return  # its own thread closed it a moment ago, or TLS has taken it over
