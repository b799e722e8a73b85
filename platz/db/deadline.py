"""Ends a wait for the database that would otherwise have no end.

Invariant: a statement inside the block, or on a `BoundedConnection`, returns or fails within the given time, whatever
became of the server: a statement timeout needs a server that still works, and the network's own signs may take minutes
or never come, as the system answers for a process that hangs.
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
    """Closes itself when the server is silent for ``timeout`` seconds in the midst of a statement."""

    timeout: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = LOOK_AROUND_SECONDS, timeout: float | None = None) -> RV:
        """Wait for the server; raise `psycopg.OperationalError` when that takes too long."""
        try:
            return super().wait(gen, interval, self.timeout if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # the answer may still come, and nobody waits for it any more
            raise


@contextmanager
def connection_deadline(connection: psycopg.Connection[Any], *, seconds: float) -> Generator[None]:
    """Cut the connection when the block takes longer; its statement then raises `psycopg.OperationalError`."""
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
    with suppress(OSError):  # the other end was faster
        line.shutdown(socket.SHUT_RDWR)
