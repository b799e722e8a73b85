"""The form in which Helm keeps a revision in a Secret (Helm storage driver `secret`).

`data.release` is JSON, compressed with gzip, encoded as base64 by Helm and once more by Kubernetes.
Invariant: reading is bounded; a document that is written back differs only in what was changed on purpose.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zlib
from typing import cast

import orjson

from platz.errors import Rejected
from platz.json import JsonObject

SECRET_TYPE = "helm.sh/release.v1"  # noqa: S105  the name of a type
_PLAIN_LIMIT = (
    64 * 1024 * 1024
)  # a Secret holds 1 MiB; a text that gzip makes that small is at most this large


def read_release(secret: JsonObject) -> JsonObject:
    """Return Helm's document of a release Secret. Raises `Rejected` when it is damaged."""
    try:
        data = cast("JsonObject", secret["data"])
        packed = base64.b64decode(base64.b64decode(str(data["release"]), validate=True), validate=True)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as opened:
            plain = opened.read(_PLAIN_LIMIT + 1)
        document = orjson.loads(plain) if len(plain) <= _PLAIN_LIMIT else None
    except (
        KeyError,
        TypeError,
        binascii.Error,
        OSError,
        EOFError,
        zlib.error,
        orjson.JSONDecodeError,
    ) as error:
        raise Rejected(f"The Helm release Secret {name_of(secret)} is damaged.") from error
    if not isinstance(document, dict):
        raise Rejected(f"The Helm release Secret {name_of(secret)} is damaged.")
    return cast("JsonObject", document)


def with_release(secret: JsonObject, document: JsonObject, *, status: str) -> JsonObject:
    """Return the Secret with another document, and with the status label that Helm searches by."""
    packed = base64.b64encode(gzip.compress(orjson.dumps(document), mtime=0))
    metadata = cast("JsonObject", secret["metadata"])
    labels = {**cast("JsonObject", metadata.get("labels") or {}), "status": status}
    return {
        **secret,
        "metadata": {**metadata, "labels": labels},
        "data": {"release": base64.b64encode(packed).decode("ascii")},
    }


def name_of(secret: JsonObject) -> str:
    """Return the Secret's name."""
    metadata = secret.get("metadata")
    return str(metadata.get("name", "?")) if isinstance(metadata, dict) else "?"
