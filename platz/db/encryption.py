"""Encryption at rest: of secrets, of the token key, and of whatever else a caller hands over as text.

Invariants: an encrypted text says so by its prefix, so that the plain rows of an adopted database are recognised;
the first key encrypts, every key decrypts, so keys are rotated by putting a new one in front; and no message names
a text or a key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from platz.errors import PlatzError

PREFIX = "platz-encrypted:"
ENCRYPTED = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_=-]+")
KEY_BYTES = 32


class BadEncryptionKey(PlatzError):
    """An encryption key must be 32 random bytes in URL-safe base64 (43 or 44 characters)."""


class Undecipherable(PlatzError):
    """Something was encrypted with a key that is not among PLATZ_ENCRYPTION_KEYS."""


class Cipher:
    """Encrypts with the first of its keys and decrypts with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        """``keys`` come newest first; raises `BadEncryptionKey`, also for none at all."""
        if not keys:
            raise BadEncryptionKey
        fernets = [Fernet(_checked(key)) for key in keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)
        self.is_rotating = len(fernets) > 1

    def encrypt(self, plain: str) -> str:
        """Give the text that may be stored."""
        return PREFIX + self._newest.encrypt(plain.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """Give the text that was stored, which a plain row already is; raises `Undecipherable`."""
        if not stored.startswith(PREFIX):
            return stored
        try:
            return self._all.decrypt(_token(stored)).decode()
        except InvalidToken as error:
            raise Undecipherable from error

    def renew(self, stored: str) -> str:
        """Give ``stored`` under the newest key: itself when it already is, encrypted when it was plain."""
        if stored.startswith(PREFIX):
            try:
                self._newest.decrypt(_token(stored))
            except InvalidToken:
                return self.encrypt(self.decrypt(stored))
            return stored
        return self.encrypt(stored)


class NoCipher(Cipher):
    """Keeps new texts plain, for an installation without a key; what is encrypted already is undecipherable."""

    def __init__(self) -> None:
        self.is_rotating = False

    def encrypt(self, plain: str) -> str:
        """Give the text itself."""
        return plain

    def decrypt(self, stored: str) -> str:
        """Give a plain text itself; raises `Undecipherable` for an encrypted one."""
        if stored.startswith(PREFIX):
            raise Undecipherable
        return stored

    def renew(self, stored: str) -> str:
        """Give the text itself; raises `Undecipherable` for an encrypted one."""
        return self.decrypt(stored)


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
