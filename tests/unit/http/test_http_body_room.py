"""Bodies are read within limits, for each and for all together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from platz.errors import Rejected
from platz.http.body_room import Body, BodyRoom, NoRoom

LIMIT = 1000


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 300


async def of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def test_reading_stops_at_the_limit() -> None:
    with BodyRoom().body(limit=LIMIT) as body:
        with pytest.raises(Rejected, match=r"\(1200 bytes\) is larger than allowed \(limit: 1000 bytes\)"):
            asyncio.run(body.read({}, endless()))
        assert body.size == 900


def test_an_announced_size_is_believed_when_it_is_too_large() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body must not be read")
        yield b""

    with BodyRoom().body(limit=LIMIT) as body, pytest.raises(Rejected, match=r"\(1001 bytes\)"):
        asyncio.run(body.read({"content-length": "1001"}, never()))


def test_a_body_in_parts_is_whole() -> None:
    with BodyRoom().body(limit=LIMIT) as body:
        assert asyncio.run(body.read({}, of(b"a", b"", b"b" * 999))) == b"a" + b"b" * 999


def test_many_bodies_share_the_room_and_give_it_back() -> None:
    """Given somebody who sends hundreds of bodies by halves, when the room is full, then more are refused at once."""
    room = BodyRoom(2500)

    async def half_sent(body: Body) -> None:
        await body.read({}, of(b"x" * 1000))

    with room.body(limit=LIMIT) as first, room.body(limit=LIMIT) as second, room.body(limit=LIMIT) as third:
        for body in (first, second):
            asyncio.run(half_sent(body))
        with pytest.raises(NoRoom, match="too many large requests"):
            asyncio.run(half_sent(third))
    with room.body(limit=LIMIT) as again:
        asyncio.run(half_sent(again))


def test_a_refused_body_gives_its_room_back() -> None:
    room = BodyRoom(LIMIT)
    for _ in range(5):
        with room.body(limit=LIMIT) as body, pytest.raises(Rejected):
            asyncio.run(body.read({}, endless()))
