"""A response of an API server that goes on, cut into lines.

Invariant: `batches` yields every complete line exactly once, together with those that arrived with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import urllib3
import urllib3.exceptions as broken

_PIECE = 256 * 1024
_LINE_LIMIT = 32 * 1024 * 1024


class StreamSilent(Exception):
    """The server sent nothing for the idle timeout."""


class StreamBroken(Exception):
    """The connection broke in the middle of the response."""


class ByteStream:
    """An open response; a context manager that closes its connection at the end."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, *, idle_timeout: float) -> None:
        """``idle_timeout`` is how many seconds a read may wait for data."""
        self._answer = answer
        _set_timeout(answer, idle_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answer.close()

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the lines as they arrive, until the server ends. Raises `StreamSilent`, `StreamBroken`."""
        rest = b""
        while piece := self._read():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            if len(rest) > _LINE_LIMIT:
                raise StreamBroken("a line is longer than any object may be")
            if lines:
                yield [line for line in lines if line]

    def _read(self) -> bytes:
        try:
            return self._answer.read1(_PIECE) or b""
        except (broken.ReadTimeoutError, TimeoutError) as error:
            raise StreamSilent from error
        except (broken.HTTPError, OSError) as error:
            raise StreamBroken from error


def _set_timeout(answer: urllib3.BaseHTTPResponse, seconds: float) -> None:
    """Replace the client's read timeout, which held up to the headers, with the stream's."""
    connection = answer.connection
    opened = getattr(connection, "sock", None)
    if opened is not None:
        opened.settimeout(seconds)
