"""Blob uploads that are under way.

Invariant: an upload belongs to one repository and one process; bytes are appended in order, by one request at a time.
Files that an earlier process left are removed at start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Repository

_MAX_CONCURRENT = 256
_IDLE_SECONDS = 3600.0


@dataclass(kw_only=True)
class Upload:
    """One upload; ``size`` bytes are on disk so far."""

    id: str
    repository: Repository
    file: Path
    touched: float
    size: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Uploads:
    """The uploads of this process."""

    def __init__(self, root: Path, *, most_bytes: int, now: Callable[[], float] = time.monotonic) -> None:
        """Take ``most_bytes``, the size of the largest blob that is accepted."""
        root.mkdir(parents=True, exist_ok=True)
        for leftover in root.iterdir():
            leftover.unlink()
        self._root = root
        self._most_bytes = most_bytes
        self._now = now
        self._uploads: dict[str, Upload] = {}

    def start(self, repository: Repository) -> Upload:
        """Open an upload; raise TOOMANYREQUESTS when too many are open."""
        self._forget_idle()
        if len(self._uploads) >= _MAX_CONCURRENT:
            raise RegistryRefusal("TOOMANYREQUESTS", "too many uploads are under way")
        upload_id = str(uuid4())
        upload = Upload(id=upload_id, repository=repository, file=self._root / upload_id, touched=self._now())
        upload.file.touch()
        self._uploads[upload_id] = upload
        return upload

    def find(self, repository: Repository, upload_id: str) -> Upload:
        """Return an open upload of ``repository``; raise BLOB_UPLOAD_UNKNOWN."""
        upload = self._uploads.get(upload_id)
        if upload is None or upload.repository != repository:
            raise RegistryRefusal("BLOB_UPLOAD_UNKNOWN", "no such upload", upload=upload_id[:100])
        return upload

    async def append(self, upload: Upload, body: AsyncIterator[bytes]) -> None:
        """Append ``body``; the caller holds ``upload.turn``. Drop a too large upload, and raise SIZE_INVALID."""
        upload.touched = self._now()
        with upload.file.open("ab", buffering=0) as file:
            async for chunk in body:
                if upload.size + len(chunk) > self._most_bytes:
                    self.forget(upload)
                    raise RegistryRefusal("SIZE_INVALID", f"a blob may have at most {self._most_bytes} bytes")
                await run_in_threadpool(file.write, chunk)
                upload.size += len(chunk)

    def forget(self, upload: Upload) -> None:
        """End an upload, and remove its file."""
        self._uploads.pop(upload.id, None)
        upload.file.unlink(missing_ok=True)

    def _forget_idle(self) -> None:
        oldest = self._now() - _IDLE_SECONDS
        for upload in [
            one for one in self._uploads.values() if one.touched < oldest and not one.turn.locked()
        ]:
            self.forget(upload)
