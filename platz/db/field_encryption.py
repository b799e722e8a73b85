"""Encryption of sensitive values inside JSON documents, before they are stored (docs/architecture.md, "Data").

Invariant: an encrypted value is `{"$encrypted": <ciphertext of its JSON>}`, and `reject_encrypted_markers` keeps that
form out of requests, so decryption never applies to a value that a user made up. A plain value of an adopted database
is read as it is. An encrypted value that can't be decrypted is null for those who read documents, and an error for
those who act on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import cast

import orjson
import structlog

from platz.db.encryption import ENCRYPTED, PREFIX, Cipher, Undecipherable
from platz.errors import Rejected
from platz.json import JsonObject, JsonValue

MARK = "$encrypted"
log = structlog.get_logger(__name__)

_ENCRYPTED_VALUE = re.compile(rb'\{\s*"\$encrypted"\s*:\s*"(' + ENCRYPTED.pattern.encode() + rb')"\s*\}')


def encrypt_fields(document: JsonValue, sensitive: Collection[str], cipher: Cipher) -> JsonValue:
    """Return the document with the values of its ``sensitive`` top-level keys encrypted; others stay as they are."""
    if not isinstance(document, dict):
        return document
    return {
        key: encrypt_value(value, cipher) if key in sensitive else value for key, value in document.items()
    }


def encrypt_value(value: JsonValue, cipher: Cipher) -> JsonValue:
    """Encrypt one value; null and a value that is already encrypted stay as they are.

    Without an encryption key, every value stays as it is.
    """
    if value is None or _is_encrypted(value):
        return value
    ciphertext = cipher.encrypt(
        orjson.dumps(value).decode()
    )  # a JSON text never starts with a prefix of the cipher
    return {MARK: ciphertext} if ciphertext.startswith(PREFIX) else value


def encrypted_keys(document: JsonValue) -> frozenset[str]:
    """Return the top-level keys of a stored document whose values are encrypted."""
    fields = document.items() if isinstance(document, dict) else ()
    return frozenset(key for key, value in fields if _is_encrypted(value))


def _is_encrypted(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.keys() == {MARK}


def decrypt_fields(document: JsonValue, cipher: Cipher) -> JsonValue:
    """Return the document with every encrypted value, at any depth, decrypted; raise `Undecipherable`."""
    match document:
        case {"$encrypted": str(ciphertext)} if len(document) == 1:
            return cast("JsonValue", orjson.loads(_json_of(ciphertext, cipher)))
        case dict():
            return {key: decrypt_fields(value, cipher) for key, value in document.items()}
        case list():
            return [decrypt_fields(value, cipher) for value in document]
        case _:
            return document


def decrypt_object(document: JsonValue, cipher: Cipher) -> JsonObject:
    """Do as `decrypt_fields` for an object; return an empty object for anything else."""
    plain = decrypt_fields(document, cipher)
    return plain if isinstance(plain, dict) else {}


def decrypt_bytes(body: bytes, cipher: Cipher) -> bytes:
    """Decrypt every encrypted value in the text of a JSON document; null takes the place of one that can't be.

    This costs one search when nothing is encrypted.
    """

    def readable(ciphertext: str) -> str:
        try:
            return _json_of(ciphertext, cipher)
        except Undecipherable:
            log.warning(
                "An encrypted value can't be decrypted", action="decrypt", remedy="keys check names its row"
            )
            return "null"

    return _replace_encrypted(body, readable)


def decrypt_document(document: str, cipher: Cipher) -> str:
    """Decrypt every encrypted value in the text of a JSON document; raise `Undecipherable` for one that can't be."""
    return _replace_encrypted(document.encode(), partial(_json_of, cipher=cipher)).decode()


def renew_document(document: str, cipher: Cipher) -> str:
    """Encrypt every encrypted value in the text of a JSON document with the newest key; raise `Undecipherable`."""

    def renewed(ciphertext: str) -> str:
        return orjson.dumps({MARK: cipher.renew(ciphertext)}).decode()

    return _replace_encrypted(document.encode(), renewed).decode()


def _json_of(ciphertext: str, cipher: Cipher) -> str:
    """Decrypt a JSON text; raise `Undecipherable` also when it is none, because it was encrypted for another place."""
    text = cipher.decrypt(ciphertext)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Undecipherable from error
    return text


def _replace_encrypted(body: bytes, replacement: Callable[[str], str]) -> bytes:
    """Replace each encrypted value, and nothing else: inside a JSON string the quotes of the form would be escaped."""
    if MARK.encode() not in body:
        return body
    return _ENCRYPTED_VALUE.sub(lambda found: replacement(found[1].decode()).encode(), body)


def reject_encrypted_markers(document: JsonValue, field: str) -> None:
    """Raise `Rejected` when a document that a user sent has the key of encrypted values, at any depth."""
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
