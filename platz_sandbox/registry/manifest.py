"""The part of a manifest that the registry must understand: its media type and its references.

Source of the rules: OCI image-spec "manifest" and "image index", and Docker's schema 2 equivalents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import orjson

from platz_sandbox.registry import oci_names
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_INDEXES = {OCI_INDEX, DOCKER_LIST}
_KNOWN = {OCI_MANIFEST, DOCKER_MANIFEST, *_INDEXES}

Document = dict[str, Any]  # JSON from a client; each use checks the type it needs


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest as it was pushed, byte for byte."""

    content: bytes
    media_type: str
    blobs: tuple[Digest, ...]
    manifests: tuple[Digest, ...]


def parse(content: bytes, content_type: str) -> Manifest:
    """Check a pushed manifest; raise MANIFEST_INVALID, or DIGEST_INVALID for a malformed digest in it."""
    document = _object(content)
    media_type = _media_type(document, content_type)
    if media_type in _INDEXES:
        return Manifest(
            content=content, media_type=media_type, blobs=(), manifests=_digests(document, "manifests")
        )
    config = _digest_of(document.get("config"))
    return Manifest(
        content=content, media_type=media_type, blobs=(config, *_digests(document, "layers")), manifests=()
    )


def _object(content: bytes) -> Document:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise RegistryRefusal("MANIFEST_INVALID", "the manifest is not JSON") from error
    if not isinstance(document, dict):
        raise RegistryRefusal("MANIFEST_INVALID", "the manifest is not a JSON object")
    found = cast("Document", document)
    if found.get("schemaVersion") != 2:
        raise RegistryRefusal("MANIFEST_INVALID", "schemaVersion must be 2")
    return found


def _media_type(document: Document, content_type: str) -> str:
    declared = content_type.partition(";")[0].strip()
    inside = document.get("mediaType", declared)
    if declared not in _KNOWN or inside != declared:
        raise RegistryRefusal(
            "MANIFEST_INVALID",
            "the Content-Type is unknown or not the manifest's mediaType",
            mediaType=declared[:200],
        )
    return declared


def _digests(document: Document, key: str) -> tuple[Digest, ...]:
    entries = document.get(key)
    if not isinstance(entries, list):
        raise RegistryRefusal("MANIFEST_INVALID", f"{key} must be a list")
    return tuple(_digest_of(entry) for entry in cast("list[Any]", entries))


def _digest_of(descriptor: object) -> Digest:
    digest = cast("Document", descriptor).get("digest") if isinstance(descriptor, dict) else None
    if not isinstance(digest, str):
        raise RegistryRefusal("MANIFEST_INVALID", "a descriptor needs a digest")
    return oci_names.digest(digest)
