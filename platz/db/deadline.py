"""Client-side deadlines for statements, for waits on the database that might otherwise never end.

Invariant: a statement inside a `connection_deadline` block, or on a `BoundedConnection`, returns or fails within the
given time, whatever happened to the server. The server's statement timeout needs a server that works, and TCP notices
only a host that is gone: for a server process that hangs, its operating system still acknowledges packets.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

LOOK_AROUND_SECONDS = 0.1


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that closes itself when the server does not finish a wait within ``timeout`` seconds."""

    timeout: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = LOOK_AROUND_SECONDS, timeout: float | None = None) -> RV:
        """Wait for the server; raise `psycopg.OperationalError` when the wait exceeds the timeout."""
        try:
            return super().wait(gen, interval, self.timeout if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # the response may still come, but nothing reads it any more
            raise


@contextmanager
def connection_deadline(connection: psycopg.Connection[Any], *, seconds: float) -> Generator[None]:
    """Cut the connection when the block takes longer than ``seconds``; its statement then raises
    `psycopg.OperationalError`.
    """
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = threading.Timer(seconds, _cut, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # the connection is closed already
        line.shutdown(socket.SHUT_RDWR)
