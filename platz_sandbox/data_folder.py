"""The folder in which the sandbox keeps its data between runs.

Invariant: at most one process uses a folder at a time; the kernel releases the lock however that process ends.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

from platz.errors import DataFolderUnusable
from platz_sandbox.file_lock import LockHeld, lock_file
from platz_sandbox.stand_in_process import StandInFailed

ROOM_NEEDED_BYTES = 100 * 1024 * 1024


class DataFolder:
    """A folder that belongs to this process: private, locked, and on a disk with room for a database."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: BinaryIO | None = None

    def open(self) -> None:
        """Make and lock the folder; raise `StandInFailed` with one sentence when it can't be used."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = lock_file(self.path / "lock")
        except LockHeld:
            raise StandInFailed(
                f"Another Platz uses the data folder {self.path}: stop it,"
                " or choose another with PLATZ_DATA_DIR."
            ) from None
        except OSError as error:
            raise StandInFailed(DataFolderUnusable(self.path, error).message) from None
        self._require_room()

    def close(self) -> None:
        """Release the folder."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def secret(self, name: str) -> str:
        """Return a random secret that is made once and kept in the folder, readable only by its owner."""
        file = self.path / "secrets" / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not file.exists():
            part = file.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_text(secrets.token_urlsafe(32))
            part.rename(file)
        return file.read_text()

    def _require_room(self) -> None:
        disk = os.statvfs(self.path)
        if disk.f_bavail * disk.f_frsize < ROOM_NEEDED_BYTES:
            self.close()
            raise StandInFailed(
                f"The disk of the data folder {self.path} is full: it needs 100 MB of room."
                " Free some, or choose another folder with PLATZ_DATA_DIR."
            )
