"""The end of a request at its deadline, whatever the server does.

Timeouts of HTTP clients bound each wait for bytes, so a server that sends one byte every few seconds is never too
late. Here a timer shuts the sockets down instead, which ends every wait on them at once.

Invariant: a cut touches only connections that this object was told of.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator, Mapping
from typing import Any


class ConnectionCut:
    """The sockets of one HTTP client, which are shut down when a request is not done in time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.happened = False

    def note(self, _event: str, facts: Mapping[str, Any]) -> None:
        """Remember the socket of a new connection; meant as httpx's ``trace``. Any: its facts have many types."""
        ask = getattr(facts.get("return_value"), "get_extra_info", None)
        opened = ask("socket") if ask is not None else None
        if isinstance(opened, socket.socket):
            with self._lock:
                self._sockets = [known for known in self._sockets if known.fileno() >= 0]
                self._sockets.append(opened)

    @contextlib.contextmanager
    def after(self, seconds: float) -> Generator[None]:
        """Cut all connections unless the block ends within these seconds; ``happened`` tells it."""
        self.happened = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self.happened = True
        with self._lock:
            opened, self._sockets = self._sockets, []
        for each in opened:
            with contextlib.suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(each, socket.SHUT_RDWR)
