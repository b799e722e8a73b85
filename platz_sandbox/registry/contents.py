"""Content on disk, addressed by its digest.

Invariant: a file named by a digest holds exactly that content. It is written under a temporary name,
flushed to the disk and renamed; a crash leaves a temporary file at worst, never half a blob.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterator
from pathlib import Path

from platz_sandbox.durable import flush_folder, write_durably
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Digest, digest_of


class ContentStore:
    """The blobs and manifests of all repositories, each stored once."""

    def __init__(self, root: Path) -> None:
        self._root = root / "sha256"
        self._root.mkdir(parents=True, exist_ok=True)

    def path(self, digest: Digest) -> Path:
        """Return the path of the content of ``digest``, whether or not it is stored."""
        return self._root / digest.removeprefix("sha256:")

    def has(self, digest: Digest) -> bool:
        """Tell whether the content is stored."""
        return self.path(digest).is_file()

    def put(self, content: bytes) -> Digest:
        """Store ``content`` and return its digest."""
        digest = digest_of(content)
        if not self.has(digest):
            write_durably(self.path(digest), content)
        return digest

    def adopt(self, file: Path, digest: Digest) -> None:
        """Move ``file``, of the same file system, into the store; raise DIGEST_INVALID when it has another digest."""
        with file.open("rb") as content:
            found = "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()
            if found != digest:
                raise RegistryRefusal(
                    "DIGEST_INVALID", "the content has another digest", digest=digest, found=found
                )
            os.fsync(content.fileno())
        file.replace(self.path(digest))
        flush_folder(self._root)

    def keep_only(self, wanted: Container[Digest]) -> Iterator[Digest]:
        """Remove all content that is not ``wanted``, yielding its digests; only at start, while nothing is written."""
        for path in sorted(self._root.iterdir()):
            digest = Digest("sha256:" + path.name)
            if digest not in wanted:
                path.unlink()
                yield digest
