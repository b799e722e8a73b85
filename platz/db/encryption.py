"""Encryption at rest, for secrets, the key that signs tokens, and any other text.

Invariants: an encrypted text starts with a prefix, so that the plain rows of an adopted database are recognised; a
plain text that starts like that is stored behind a prefix of its own, so it is never taken for ciphertext; the first
key encrypts and every key decrypts, so keys are rotated by putting a new one in front; no error message
contains a text or a key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from platz.errors import Conflict, PlatzError

PREFIX = "platz-encrypted:"
PLAIN_PREFIX = "platz-plain:"
"""What is stored in front of a plain text that itself starts with one of the two prefixes."""

ENCRYPTED = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_=-]+")
KEY_BYTES = 32


class BadEncryptionKey(PlatzError):
    """An encryption key must be 32 random bytes in URL-safe base64 (43 or 44 characters)."""


class Undecipherable(Conflict):
    """Something was encrypted with a key that is not among PLATZ_ENCRYPTION_KEYS, or is damaged: see `keys check`."""


class Cipher:
    """A cipher that encrypts with the first of its keys and decrypts with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take ``keys``, the newest first; raise `BadEncryptionKey` for a malformed key, or when there is none."""
        if not keys:
            raise BadEncryptionKey
        fernets = [Fernet(_checked(key)) for key in keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)
        self.is_rotating = len(fernets) > 1

    def encrypt(self, plain: str) -> str:
        """Encrypt with the newest key and return the text to store."""
        return PREFIX + self._newest.encrypt(plain.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """Decrypt a stored text; a plain one is returned as it is. Raises `Undecipherable`."""
        if not stored.startswith(PREFIX):
            return stored.removeprefix(PLAIN_PREFIX)
        try:
            return self._all.decrypt(_token(stored)).decode()
        except InvalidToken as error:
            raise Undecipherable from error

    def renew(self, stored: str) -> str:
        """Return ``stored`` encrypted with the newest key; unchanged when it already is. Raises `Undecipherable`."""
        if stored.startswith(PREFIX):
            try:
                self._newest.decrypt(_token(stored))
            except InvalidToken:
                return self.encrypt(self.decrypt(stored))
            return stored
        return self.encrypt(self.decrypt(stored))


class NoCipher(Cipher):
    """The cipher of an installation without a key: texts stay plain, and encrypted ones can't be decrypted."""

    def __init__(self) -> None:
        self.is_rotating = False

    def encrypt(self, plain: str) -> str:
        """Return the text, marked as plain if it looks like an encrypted or a marked one."""
        return mark_plain(plain)

    def decrypt(self, stored: str) -> str:
        """Return a plain text; raise `Undecipherable` for an encrypted one."""
        if stored.startswith(PREFIX):
            raise Undecipherable
        return stored.removeprefix(PLAIN_PREFIX)

    def renew(self, stored: str) -> str:
        """Return what is stored for a plain text; raise `Undecipherable` for an encrypted one."""
        return self.encrypt(self.decrypt(stored))


def mark_plain(text: str) -> str:
    """Return what to store for a plain text: the text, behind a prefix if it looks encrypted or marked."""
    return PLAIN_PREFIX + text if text.startswith((PREFIX, PLAIN_PREFIX)) else text


def _token(stored: str) -> bytes:
    return stored.removeprefix(PREFIX).encode()


def _checked(key: str) -> bytes:
    try:
        raw = urlsafe_b64decode(key.strip().rstrip("=") + "=")
    except ValueError as error:
        raise BadEncryptionKey from error
    if len(raw) != KEY_BYTES:
        raise BadEncryptionKey
    return urlsafe_b64encode(raw)
