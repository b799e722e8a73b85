"""The pipe from the parent to a child: the order, then perhaps new tokens, and its end when the parent has died."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

_PIECE = 1 << 16


class ParentPipe:
    """The lines that arrive on a file descriptor; `follow` reads on where `first_line` stopped."""

    def __init__(self, descriptor: int = 0) -> None:
        """Read standard input by default."""
        self._lines = _lines(descriptor)

    def first_line(self) -> bytes:
        """Return the first line; an empty one when the pipe is closed without it."""
        return next(self._lines, b"")

    def follow(self, take: Callable[[bytes], None]) -> None:
        """Pass on each further line, on a thread; when the parent has died, kill the whole process group.

        The kernel closes the pipe of a parent that has died, however it died.
        """

        def read() -> None:
            for line in self._lines:
                take(line)
            os.killpg(0, signal.SIGKILL)

        threading.Thread(target=read, name="parent-watch", daemon=True).start()


def _lines(descriptor: int) -> Iterator[bytes]:
    rest = bytearray()
    while piece := os.read(descriptor, _PIECE):
        rest += piece
        while (end := rest.find(b"\n")) >= 0:
            yield bytes(rest[: end + 1])
            del rest[: end + 1]
