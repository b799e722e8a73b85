"""Sensitive values inside JSON documents, sealed before they reach the database (design section 6).

Invariant: a sealed value is `{"$encrypted": <ciphertext of its JSON>}`, and nobody outside can write that
form, so opening a document never decrypts what a user made up. A plain value of an adopted database reads as
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import cast

import orjson

from platz.db.encryption import PREFIX
from platz.errors import Rejected
from platz.json import JsonObject, JsonValue

MARK = "$encrypted"
_SEALED = re.compile(
    rb'\{\s*"\$encrypted"\s*:\s*"(' + re.escape(PREFIX.encode()) + rb'[A-Za-z0-9_=-]+)"\s*\}'
)


@dataclass(frozen=True, kw_only=True)
class AtRest:
    """How sensitive values are encrypted and read (`platz.db.encryption.Cipher`)."""

    encrypt: Callable[[str], str]
    decrypt: Callable[[str], str]


def encrypt_fields(
    document: JsonValue, sensitive: Collection[str], encrypt: Callable[[str], str]
) -> JsonValue:
    """What is written to the database: the values of ``sensitive`` keys of an object are sealed."""
    if not isinstance(document, dict):
        return document
    return {
        key: encrypt_value(value, encrypt) if key in sensitive else value for key, value in document.items()
    }


def encrypt_value(value: JsonValue, encrypt: Callable[[str], str]) -> JsonValue:
    """One value, sealed; null says nothing and stays, and so does what is sealed already.

    An installation without a key encrypts nothing, so there everything stays as it is.
    """
    if value is None or (isinstance(value, dict) and value.keys() == {MARK}):
        return value
    ciphertext = encrypt(orjson.dumps(value).decode())
    return {MARK: ciphertext} if ciphertext.startswith(PREFIX) else value


def decrypt_fields(document: JsonValue, decrypt: Callable[[str], str]) -> JsonValue:
    """The document with every sealed value, at any depth, in plain."""
    match document:
        case {"$encrypted": str(ciphertext)} if len(document) == 1:
            return cast("JsonValue", orjson.loads(decrypt(ciphertext)))
        case dict():
            return {key: decrypt_fields(value, decrypt) for key, value in document.items()}
        case list():
            return [decrypt_fields(value, decrypt) for value in document]
        case _:
            return document


def decrypt_object(document: JsonValue, decrypt: Callable[[str], str]) -> JsonObject:
    """As `decrypt_fields`, for an object; anything else has no keys."""
    plain = decrypt_fields(document, decrypt)
    return plain if isinstance(plain, dict) else {}


def decrypt_bytes(body: bytes, decrypt: Callable[[str], str]) -> bytes:
    """As `decrypt_fields`, for the text of a JSON document, which costs one search when nothing in it is sealed."""
    if MARK.encode() not in body:
        return body
    return _SEALED.sub(lambda found: decrypt(found[1].decode()).encode(), body)


def reject_encrypted_markers(document: JsonValue, field: str) -> None:
    """Raise Rejected when what a user sent would look sealed."""
    match document:
        case dict():
            if MARK in document:
                raise Rejected(f"The key {MARK} is reserved", field=field)
            for value in document.values():
                reject_encrypted_markers(value, field)
        case list():
            for value in document:
                reject_encrypted_markers(value, field)
        case _:
            pass
