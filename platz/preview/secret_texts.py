"""The texts that a release's Secrets hold, which must not be shown elsewhere in its manifest either.

Invariant: short texts are left out, because they are no secrets worth the name (`admin`, `5432`) and stand in places
that have nothing to do with the Secret.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from platz.helm.manifests import ManifestObject, manifest_objects
from platz.json import JsonObject, JsonValue

SHORTEST = 8


def secrets_in(*manifests: str) -> frozenset[str]:
    """Return what the Secrets in these manifests hold, in plain."""
    objects = [each for manifest in manifests for each in manifest_objects(manifest)]
    return secrets_of(objects)


def secrets_of(objects: list[ManifestObject]) -> frozenset[str]:
    """Return what the Secrets among these objects hold, in plain."""
    texts = (text for each in objects if each.kind == "Secret" for text in _texts(each.document))
    return frozenset(text for text in texts if len(text) >= SHORTEST)


def _texts(secret: JsonObject) -> Iterator[str]:
    for text in _strings(secret.get("stringData")):
        yield from (text, text.strip())
    for encoded in _strings(secret.get("data")):
        yield encoded
        plain = _decoded(encoded)
        yield from (plain, plain.strip())


def _strings(part: JsonValue) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for value in part.values() if isinstance(value, str))


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
