"""The memory for request bodies that are on their way: so much for all of them together, however many there are.

Invariant: the bytes that are held never exceed the room; each body gives its own back when its request ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Generator, Mapping
from contextlib import contextmanager

from platz.errors import Rejected, Retryable

ROOM_BYTES = 32 * 1024 * 1024


class NoRoom(Retryable):
    """Platz is reading too many large requests at this moment; try again in a few seconds."""


class BodyRoom:
    """The room; used on the event loop only."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._free = size

    @contextmanager
    def body(self, *, limit: int) -> Generator[Body]:
        """Give room to one body of at most ``limit`` bytes until the block ends."""
        body = Body(self, limit=limit)
        try:
            yield body
        finally:
            self._free += body.size

    def take(self, size: int) -> None:
        """Take some of the room; raise `NoRoom`."""
        if size > self._free:
            raise NoRoom
        self._free -= size


class Body:
    """One body on its way."""

    def __init__(self, room: BodyRoom, *, limit: int) -> None:
        self._room = room
        self._limit = limit
        self._received = bytearray()

    @property
    def size(self) -> int:
        """The number of bytes that are held."""
        return len(self._received)

    async def read(self, headers: Mapping[str, str], chunks: AsyncIterable[bytes]) -> bytes:
        """Return the whole body, also of a chunked one; raise `Rejected` as soon as it is too large, or `NoRoom`."""
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limit:
            raise too_large(int(announced), self._limit)
        async for chunk in chunks:
            if self.size + len(chunk) > self._limit:
                raise too_large(self.size + len(chunk), self._limit)
            self._room.take(len(chunk))
            self._received += chunk
        return bytes(self._received)


def too_large(size: int, limit: int) -> Rejected:
    """Return the refusal of a body of ``size`` bytes or more."""
    return Rejected(f"JSON payload ({size} bytes) is larger than allowed (limit: {limit} bytes).")
