"""A file that exists only in memory, and has a path while it is open."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_open: set[int] = set()


@contextmanager
def memory_file(name: str, content: bytes) -> Generator[Path]:
    """Yield the path of a file with mode 0600; a child process needs its descriptor to read it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    _open.add(descriptor)
    try:
        os.fchmod(descriptor, 0o600)  # Helm warns about a kubeconfig that others could read
        with os.fdopen(os.dup(descriptor), "wb") as writer:
            writer.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        _open.discard(descriptor)
        os.close(descriptor)


def descriptor_of(path: Path) -> int:
    """Return the file descriptor behind the path of a memory file."""
    return int(path.name)


def open_descriptors() -> tuple[int, ...]:
    """Return the descriptors of all memory files that are open, for `pass_fds`."""
    return tuple(_open)
