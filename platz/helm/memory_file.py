"""A file that exists only in memory, and has a path while it is open."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def memory_file(name: str, content: bytes) -> Generator[Path]:
    """Yield the path of a file with mode 0600; a child process needs its `descriptor_of` to read it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)  # Helm warns about a kubeconfig that others could read
        with os.fdopen(os.dup(descriptor), "wb") as writer:
            writer.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def descriptor_of(path: Path) -> int:
    """Return the file descriptor behind the path of a memory file, for `pass_fds`."""
    return int(path.name)
