"""A client process: asks for one thing over several kept connections, and prints how many answers came a second.

Usage: `http_load.py PORT CONNECTIONS SECONDS`, with the request's bytes on standard input; `{n}` in them becomes a
number that no two requests share, `{even}` an even one up to 10,000, in twelve digits.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count


class Load:
    """Counts answers until the time is over."""

    def __init__(self, port: int, seconds: float, request: bytes) -> None:
        self._port, self._request = port, request
        self._until = time.perf_counter() + seconds
        self._numbers = count(time.time_ns())
        self.answers = 0

    async def ask(self) -> None:
        """Use one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        while time.perf_counter() < self._until:
            writer.write(self._next())
            head = await reader.readuntil(b"\r\n\r\n")
            status, _, rest = head.partition(b"\r\n")
            if b" 20" not in status:
                raise RuntimeError(status.decode())
            length = next(line for line in rest.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            self.answers += 1
        writer.close()

    def _next(self) -> bytes:
        if b"{n}" not in self._request:
            return self._request
        number = next(self._numbers)
        request = self._request.replace(b"{n}", b"%d" % number).replace(
            b"{even}", b"%012d" % (number % 5000 * 2 + 2)
        )
        head, _, body = request.partition(b"\r\n\r\n")
        return head + f"\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def main(port: int, connections: int, seconds: float, request: bytes) -> None:
    """Load the server and print `{"answers", "seconds"}`."""
    load = Load(port, seconds, request)
    began = time.perf_counter()
    await asyncio.gather(*(load.ask() for _ in range(connections)))
    print(json.dumps({"answers": load.answers, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.stdin.buffer.read()))
