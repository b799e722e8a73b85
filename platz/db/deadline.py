"""Ends a wait for the database that would otherwise have no end.

Invariant: a statement inside the block returns or fails within the given time, whatever became of the server: a
statement timeout needs a server that still works, and the network's own signs may take minutes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg


@contextmanager
def cut_off_after(connection: psycopg.Connection[Any], *, seconds: float) -> Generator[None]:
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
