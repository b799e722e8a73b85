"""The names that the distribution specification allows, as types for text that was checked.

Invariant: a `Repository`, `Tag` or `Digest` is safe as a path on disk: no `..`, not absolute, not hidden. Text of a
client becomes one only through the functions below.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

from platz_sandbox.registry.errors import RegistryRefusal

Repository = NewType("Repository", str)
Tag = NewType("Tag", str)
Digest = NewType("Digest", str)

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_REPOSITORY_LENGTH = 255


def repository(text: str) -> Repository:
    """Check a repository name (specification, "Pulling manifests"); raise NAME_INVALID."""
    if len(text) > _MAX_REPOSITORY_LENGTH or not _REPOSITORY.fullmatch(text):
        raise RegistryRefusal(
            "NAME_INVALID", "this is not a valid repository name", name=text[:_MAX_REPOSITORY_LENGTH]
        )
    return Repository(text)


def digest(text: str) -> Digest:
    """Check a digest, of which this registry knows sha256 only; raise DIGEST_INVALID."""
    if not _DIGEST.fullmatch(text):
        raise RegistryRefusal(
            "DIGEST_INVALID", "a digest is 'sha256:' and 64 hexadecimal digits", digest=text[:200]
        )
    return Digest(text)


def reference(text: str) -> Tag | Digest:
    """Check a reference: a digest when it has a colon, else a tag; raise DIGEST_INVALID or TAG_INVALID."""
    if ":" in text:
        return digest(text)
    if not _TAG.fullmatch(text):
        raise RegistryRefusal("TAG_INVALID", "this is not a valid tag", tag=text[:200])
    return Tag(text)


def is_digest(text: Tag | Digest) -> bool:
    """Tell whether a reference is a digest, which has a colon, and not a tag."""
    return ":" in text


def digest_of(content: bytes) -> Digest:
    """Return the digest of ``content``."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())
