"""Signed compact tokens (RFC 7515): the only module that calls the token library.

Invariant: a token's outer form (size, three base64url parts, a flat header whose `alg` is one that the caller allows)
is checked before a key is used. A key is only used with its own family of algorithms: symmetric and asymmetric ones
never share a call. Encrypted tokens (five parts) are never opened.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

import orjson
from jose import jwk, jws  # pyright: ignore[reportMissingTypeStubs]
from jose.exceptions import JOSEError  # pyright: ignore[reportMissingTypeStubs]
from jose.utils import base64url_decode  # pyright: ignore[reportMissingTypeStubs]

from platz.errors import PlatzError
from platz.json import JsonObject

_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,2048}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HMAC = "HS256"
_FAMILIES = {"RS": "RSA", "ES": "EC"}

# The library has no types; these are the parts that Platz uses.
_sign = cast("Any", jws.sign)
_verify = cast("Any", jws.verify)
_construct = cast("Any", jwk.construct)
_decode = cast("Any", base64url_decode)


class NotAToken(PlatzError):
    """The token is not valid."""


def sign_symmetric(claims: JsonObject, key: bytes) -> str:
    """Sign with HS256; the header is `{"typ":"JWT","alg":"HS256"}`."""
    return str(_sign(claims, key, algorithm=_HMAC))


def verify_symmetric(text: str, key: bytes, *, limit: int) -> JsonObject:
    """Return the claims of an HS256 token of at most ``limit`` characters; raise `NotAToken`."""
    header_of(text, algorithms={_HMAC}, limit=limit)
    return _claims(text, key, _HMAC)


def verify_asymmetric(text: str, key: Mapping[str, Any], *, algorithm: str) -> JsonObject:
    """Return the claims of a token whose signature the public JWK ``key`` verifies; raise `NotAToken`.

    The caller must have checked ``algorithm`` with `header_of`.
    """
    if key.get("kty") != _FAMILIES.get(algorithm[:2]):
        raise NotAToken("the key is not of the token's algorithm")
    try:
        public = _construct(dict(key), algorithm)
    except (JOSEError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotAToken("the provider's key can't be used") from error
    return _claims(text, public, algorithm)


def header_of(text: str, *, algorithms: Collection[str], limit: int) -> JsonObject:
    """Return the header of a compact token with one of ``algorithms``; raise `NotAToken`.

    Only the form is checked, not the signature. The header must be flat: nested documents, embedded keys and critical
    extensions are refused.
    """
    if len(text) > limit:
        raise NotAToken("the token is too long")
    if not _COMPACT.fullmatch(text):
        raise NotAToken("not a signed compact token")
    header = _object(_bytes(text.partition(".")[0]), "header")
    if "crit" in header or "jwk" in header or any(isinstance(value, dict) for value in header.values()):
        raise NotAToken("the header asks for something that is not supported")
    if any(
        isinstance(item, list | dict)
        for value in header.values()
        if isinstance(value, list)
        for item in value
    ):
        raise NotAToken("the header asks for something that is not supported")
    if header.get("alg") not in algorithms:
        raise NotAToken("the algorithm is not allowed")
    return header


def _claims(text: str, key: object, algorithm: str) -> JsonObject:
    try:
        payload = _verify(text, key, algorithms=[algorithm])
    except (JOSEError, ValueError, TypeError) as error:
        raise NotAToken("the signature is not valid") from error
    return _object(payload, "payload")


def _bytes(part: str) -> bytes:
    try:
        return bytes(_decode(part.encode("ascii")))
    except ValueError as error:
        raise NotAToken("not base64url") from error


def _object(document: bytes, what: str) -> JsonObject:
    try:
        value = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise NotAToken(f"the {what} is not JSON") from error
    if not isinstance(value, dict):
        raise NotAToken(f"the {what} is not an object")
    return cast("JsonObject", value)
