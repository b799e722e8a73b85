"""Sensitive values inside JSON documents, encrypted before they reach the database (docs/architecture.md, "Data").

Invariant: an encrypted value is `{"$encrypted": <ciphertext of its JSON>}`, and nobody outside can write that
form, so decrypting a document never decrypts what a user made up. A plain value of an adopted database reads as
itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import cast

import orjson

from platz.db.encryption import ENCRYPTED, PREFIX, Cipher
from platz.errors import Rejected
from platz.json import JsonObject, JsonValue

MARK = "$encrypted"
_ENCRYPTED_VALUE = re.compile(rb'\{\s*"\$encrypted"\s*:\s*"(' + ENCRYPTED.pattern.encode() + rb')"\s*\}')


def encrypt_fields(document: JsonValue, sensitive: Collection[str], cipher: Cipher) -> JsonValue:
    """What is written to the database: the values of ``sensitive`` keys of an object are encrypted."""
    if not isinstance(document, dict):
        return document
    return {
        key: encrypt_value(value, cipher) if key in sensitive else value for key, value in document.items()
    }


def encrypt_value(value: JsonValue, cipher: Cipher) -> JsonValue:
    """One value, encrypted; null says nothing and stays, and so does what is encrypted already.

    An installation without a key encrypts nothing, so there everything stays as it is.
    """
    if value is None or (isinstance(value, dict) and value.keys() == {MARK}):
        return value
    ciphertext = cipher.encrypt(orjson.dumps(value).decode())
    return {MARK: ciphertext} if ciphertext.startswith(PREFIX) else value


def decrypt_fields(document: JsonValue, cipher: Cipher) -> JsonValue:
    """The document with every encrypted value, at any depth, in plain."""
    match document:
        case {"$encrypted": str(ciphertext)} if len(document) == 1:
            return cast("JsonValue", orjson.loads(cipher.decrypt(ciphertext)))
        case dict():
            return {key: decrypt_fields(value, cipher) for key, value in document.items()}
        case list():
            return [decrypt_fields(value, cipher) for value in document]
        case _:
            return document


def decrypt_object(document: JsonValue, cipher: Cipher) -> JsonObject:
    """As `decrypt_fields`, for an object; anything else has no keys."""
    plain = decrypt_fields(document, cipher)
    return plain if isinstance(plain, dict) else {}


def decrypt_bytes(body: bytes, cipher: Cipher) -> bytes:
    """As `decrypt_fields`, for the text of a JSON document, which costs one search when nothing is encrypted."""
    if MARK.encode() not in body:
        return body
    return _ENCRYPTED_VALUE.sub(lambda found: cipher.decrypt(found[1].decode()).encode(), body)


def reject_encrypted_markers(document: JsonValue, field: str) -> None:
    """Raise Rejected when what a user sent would look encrypted."""
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
