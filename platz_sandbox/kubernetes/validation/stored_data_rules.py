"""The rules of ConfigMaps and Secrets: keys, sizes, and what the type of a Secret demands.

Source: Kubernetes "ConfigMaps", "Secrets" (types of Secret).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import annotation
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_MAX_BYTES = 1024 * 1024
_ACCOUNT = "kubernetes.io/service-account.name"
_DEMANDED: Mapping[str, tuple[str, ...]] = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_JSON_TYPES = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_EMPTY_IS_ALLOWED = frozenset({"kubernetes.io/tls", *_JSON_TYPES})


def _keys(place: Place) -> Causes:
    for key, inner in place.entries():
        yield from (inner.invalid(told, shown=key) for told in formats.config_key(key))


def _config_data(place: Place) -> Causes:
    data, binary = place.at("data"), place.at("binaryData")
    for key, inner in data.entries():
        if key in binary.fields:
            yield inner.invalid("duplicate of key present in binaryData", shown=key)
    total = sum(len(str(value).encode()) for value in data.fields.values())
    total += sum(_decoded_size(value) for value in binary.fields.values())
    if total > _MAX_BYTES:
        yield Place(value=None, path="[]", root=place.root).too_long(_MAX_BYTES)


def _decoded_size(text: str) -> int:
    return len(text) * 3 // 4


def _secret_data(place: Place) -> Causes:
    if sum(_decoded_size(value) for value in place.fields.values()) > _MAX_BYTES:
        yield place.too_long(_MAX_BYTES)


def _demands(place: Place) -> Causes:
    kind, data = str(place.fields.get("type")), place.at("data")
    present = data.fields
    for key in _DEMANDED.get(kind, ()):
        missing = key not in present if kind in _EMPTY_IS_ALLOWED else not present.get(key)
        if missing:
            yield data.key(key).required()
    if kind in _JSON_TYPES and (told := _not_json(present.get(_JSON_TYPES[kind], "e30="))):
        yield data.key(_JSON_TYPES[kind]).invalid(told, shown="<secret contents redacted>")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & present.keys():
        yield from (data.key(key).required() for key in ("username", "password"))
    if kind == "kubernetes.io/service-account-token":
        yield from _account(place)


def _account(place: Place) -> Causes:
    if not annotation(place.root, _ACCOUNT):
        yield place.at("metadata", "annotations").key(_ACCOUNT).required()


def _not_json(encoded: str) -> str:
    """Return what is wrong with a JSON document in base64, or an empty text."""
    try:
        text = base64.b64decode(encoded)
        orjson.loads(text)
    except (binascii.Error, orjson.JSONDecodeError):
        first = base64.b64decode(encoded).decode(errors="replace")[:1]
        return (
            f"invalid character '{first}' looking for beginning of value"
            if first
            else "unexpected end of JSON input"
        )
    return ""


CONFIG_MAP = table(row("data", _keys), row("binaryData", _keys), row("", _config_data))
SECRET = table(row("data", _keys, _secret_data), row("", _demands))
