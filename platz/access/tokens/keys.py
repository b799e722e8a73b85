"""The installation's signing key, and the keys derived from it for each other purpose.

Invariant: the stored secret itself signs access tokens only (docs/contract/auth.md, "Access tokens", so that
tokens of an older installation stay valid); every other purpose has an independent key. A replaced secret takes
effect within `MAX_AGE` seconds in every process.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from platz.errors import PlatzError

MAX_AGE = 2.0
FAILURE_COUNTS_FOR = 0.5
"""Seconds after a failed reading in which threads that waited for it get its error instead of trying again."""


class BrokenSigningKey(PlatzError):
    """JWT decode error"""


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The decoded bytes of the setting `jwt_secret`."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """A text that distinguishes two keys without revealing either."""
        return derive(self.secret, "fingerprint").hex()


def parse_signing_key(text: str) -> SigningKey:
    """Decode standard padded base64; raise `BrokenSigningKey` when it is malformed or shorter than 16 bytes."""
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BrokenSigningKey from error
    if len(secret) < 16:
        raise BrokenSigningKey
    return SigningKey(secret=secret)


@lru_cache(maxsize=16)
def derive(secret: bytes, purpose: str) -> bytes:
    """Return the 32-byte key of one purpose (RFC 5869)."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"platz/{purpose}".encode())
    return hkdf.derive(secret)


class SigningKeys:
    """The current signing key, which is read again when it is older than `MAX_AGE`. Thread-safe."""

    def __init__(self, load: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take ``load``, which returns the setting's text and may raise `Retryable`."""
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, SigningKey] | None = None
        self._failed: tuple[float, PlatzError] | None = None

    def current(self) -> SigningKey:
        """Return the key; raise `BrokenSigningKey`, or an error of ``load``."""
        known = self._known
        if known and self._clock() - known[0] < MAX_AGE:
            return known[1]
        with self._lock:
            return self._reload(known)

    def _reload(self, stale: tuple[float, SigningKey] | None) -> SigningKey:
        if self._known and self._known is not stale:
            return self._known[1]  # another thread has just reloaded it
        if self._failed and self._clock() - self._failed[0] < FAILURE_COUNTS_FOR:
            raise type(self._failed[1])(self._failed[1].message) from self._failed[1]
        asked_at = self._clock()
        try:
            key = parse_signing_key(self._load())
        except PlatzError as error:
            self._failed = (self._clock(), error)
            raise
        self._known = (asked_at, key)
        return key
