"""The blobs, manifests and tags of each repository, as small files that refer to the content store.

    repositories/NAME/_blobs/HEX          empty: this blob may be read through this repository
    repositories/NAME/_manifests/HEX      the manifest's media type
    repositories/NAME/_tags/TAG           the digest that the tag points to

No component of a repository name starts with an underscore, so names never collide with these folders.
Invariant: a tag points to a manifest of its repository, and a manifest's blobs were present when it was stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from platz_sandbox.durable import write_durably
from platz_sandbox.registry.contents import ContentStore
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.manifest import Manifest
from platz_sandbox.registry.oci_names import Digest, Repository, Tag, is_digest


@dataclass(frozen=True, kw_only=True)
class StoredManifest:
    """A manifest as clients receive it."""

    digest: Digest
    media_type: str
    content: bytes


class Repositories:
    """All repositories below one folder."""

    def __init__(self, root: Path, contents: ContentStore) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._contents = contents

    def names(self) -> list[Repository]:
        """Return the repositories that hold a manifest, in lexical order."""
        found = (folder.parent for folder in self._root.rglob("_manifests") if _has_entries(folder))
        return sorted(Repository(str(path.relative_to(self._root))) for path in found)

    def tags(self, repository: Repository) -> list[Tag]:
        """Return the tags in lexical order; raise NAME_UNKNOWN for a repository without manifests."""
        if not _has_entries(self._root / repository / "_manifests"):
            raise RegistryRefusal("NAME_UNKNOWN", "no such repository", name=repository)
        return sorted(Tag(path.name) for path in _entries(self._tag_path(repository)))

    def link_blob(self, repository: Repository, digest: Digest) -> None:
        """Let ``digest`` be read through ``repository``; its content must be stored already."""
        write_durably(self._blob_path(repository, digest), b"")

    def has_blob(self, repository: Repository, digest: Digest) -> bool:
        """Tell whether the blob may be read through ``repository``."""
        return self._blob_path(repository, digest).exists() and self._contents.has(digest)

    def blob(self, repository: Repository, digest: Digest) -> Path:
        """Return the file that holds the blob; raise BLOB_UNKNOWN when ``repository`` has no such blob."""
        if not self.has_blob(repository, digest):
            raise RegistryRefusal("BLOB_UNKNOWN", "no such blob in this repository", digest=digest)
        return self._contents.path(digest)

    def unlink_blob(self, repository: Repository, digest: Digest) -> None:
        """Remove the blob from ``repository``; raise BLOB_UNKNOWN. Unused content is deleted at the next start."""
        self.blob(repository, digest)
        self._blob_path(repository, digest).unlink(missing_ok=True)

    def put_manifest(self, repository: Repository, reference: Tag | Digest, manifest: Manifest) -> Digest:
        """Store a manifest; when ``reference`` is a tag, let it point to the manifest.

        Raises MANIFEST_BLOB_UNKNOWN when the manifest refers to content that the repository does not have, and
        DIGEST_INVALID when ``reference`` is the digest of other content.
        """
        self._require_parts(repository, manifest)
        digest = self._contents.put(manifest.content)
        if is_digest(reference) and reference != digest:
            raise RegistryRefusal(
                "DIGEST_INVALID", "the manifest has another digest", digest=reference, found=digest
            )
        write_durably(self._manifest_path(repository, digest), manifest.media_type.encode())
        if not is_digest(reference):
            write_durably(self._tag_path(repository) / reference, digest.encode())
        return digest

    def manifest(self, repository: Repository, reference: Tag | Digest) -> StoredManifest:
        """Return a manifest by tag or digest; raise MANIFEST_UNKNOWN."""
        try:
            digest = self._resolve(repository, reference)
            media_type = self._manifest_path(repository, digest).read_text()
            content = self._contents.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise RegistryRefusal("MANIFEST_UNKNOWN", "no such manifest", reference=reference) from error
        return StoredManifest(digest=digest, media_type=media_type, content=content)

    def delete_manifest(self, repository: Repository, reference: Tag | Digest) -> None:
        """Delete a tag, or a manifest together with every tag that points to it; raise MANIFEST_UNKNOWN."""
        digest = self.manifest(repository, reference).digest
        if not is_digest(reference):
            (self._tag_path(repository) / reference).unlink(missing_ok=True)
            return
        for tag in _entries(self._tag_path(repository)):
            if tag.read_text() == digest:
                tag.unlink(missing_ok=True)
        self._manifest_path(repository, digest).unlink(missing_ok=True)

    def referenced(self) -> set[Digest]:
        """Return the digests of all blobs and manifests of the repositories."""
        folders = (*self._root.rglob("_blobs"), *self._root.rglob("_manifests"))
        return {Digest("sha256:" + entry.name) for folder in folders for entry in _entries(folder)}

    def _require_parts(self, repository: Repository, manifest: Manifest) -> None:
        self._refuse_missing(digest for digest in manifest.blobs if not self.has_blob(repository, digest))
        self._refuse_missing(
            digest for digest in manifest.manifests if not self._manifest_path(repository, digest).exists()
        )

    @staticmethod
    def _refuse_missing(missing: Iterable[Digest]) -> None:
        for digest in missing:
            raise RegistryRefusal(
                "MANIFEST_BLOB_UNKNOWN", "the manifest refers to something that is not there", digest=digest
            )

    def _resolve(self, repository: Repository, reference: Tag | Digest) -> Digest:
        if is_digest(reference):
            return Digest(reference)
        return Digest((self._tag_path(repository) / reference).read_text())

    def _blob_path(self, repository: Repository, digest: Digest) -> Path:
        return self._root / repository / "_blobs" / digest.removeprefix("sha256:")

    def _manifest_path(self, repository: Repository, digest: Digest) -> Path:
        return self._root / repository / "_manifests" / digest.removeprefix("sha256:")

    def _tag_path(self, repository: Repository) -> Path:
        return self._root / repository / "_tags"


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))


def _has_entries(folder: Path) -> bool:
    return any(True for _ in _entries(folder))
