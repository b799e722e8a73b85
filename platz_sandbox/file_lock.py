"""A file that at most one process holds at a time, and that names its holder.

Invariant: the kernel releases the lock however the process ends.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO


class LockHeld(Exception):
    """Another process holds the lock."""

    def __init__(self, process: str) -> None:
        super().__init__(f"The process {process} holds the lock.")
        self.process = process


def lock_file(file: Path) -> BinaryIO:
    """Lock ``file`` (made when it is missing) until the returned file is closed; raise `LockHeld` or OSError."""
    with ExitStack() as when_it_fails:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        lock = when_it_fails.enter_context(os.fdopen(descriptor, "r+b"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise LockHeld(lock.read(32).decode(errors="replace").strip()) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n".encode())
        lock.flush()
        when_it_fails.pop_all()
    return lock
