"""The keys that sign ID tokens, kept in one file.

Invariant: exactly one key signs, the newest; a retired key stays published until every token that it signed has
expired, so a rotation never breaks a sign-in under way.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from platz.errors import Rejected
from platz.json import JsonObject
from platz_sandbox.durable import write_durably

_THUMBPRINT_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}  # RFC 7638, 3.2


class Algorithm(StrEnum):
    """The algorithms that can sign ID tokens."""

    RS256 = "RS256"
    ES256 = "ES256"


class SigningKey(BaseModel):
    """A private key, and the times when it was made and retired."""

    model_config = ConfigDict(frozen=True)

    kid: str
    algorithm: Algorithm
    pem: str
    created_at: datetime
    retired_at: datetime | None = None

    def public(self) -> JsonObject:
        """Return the public half as a JSON Web Key."""
        return {
            **_public_members(self.pem, self.algorithm),
            "kid": self.kid,
            "use": "sig",
            "alg": self.algorithm,
        }


_KEYS = TypeAdapter(list[SigningKey])


class KeyRing:
    """The keys of the provider; every method may be called from any thread."""

    def __init__(
        self,
        file: Path,
        *,
        algorithm: Algorithm,
        keep_retired: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take ``keep_retired``, at least an ID token's lifetime; raise `Rejected` when ``file`` can't be read."""
        self._file = file
        self._algorithm = algorithm
        self._keep_retired = keep_retired
        self._now = now
        self._lock = threading.Lock()
        self._keys = _read(file)
        if self._signing_key() is None:
            self.rotate()

    def current(self) -> SigningKey:
        """Return the signing key."""
        key = self._signing_key()
        if key is None:
            raise RuntimeError("a key ring without a signing key")
        return key

    def published(self) -> list[JsonObject]:
        """Return the public keys that may have signed a token that is still valid, newest first."""
        return [key.public() for key in self._still_needed(self._keys)]

    def rotate(self) -> SigningKey:
        """Make a new signing key, and retire the others."""
        with self._lock:
            now = self._now()
            retired = [key.model_copy(update={"retired_at": key.retired_at or now}) for key in self._keys]
            new = _generate(self._algorithm, now)
            keys = [new, *self._still_needed(retired)]
            write_durably(self._file, _KEYS.dump_json(keys))
            self._keys = keys
            return new

    def rotate_when_older_than(self, age: timedelta) -> bool:
        """Rotate when the signing key has reached ``age``; return whether it had."""
        if self._now() - self.current().created_at < age:
            return False
        self.rotate()
        return True

    def _signing_key(self) -> SigningKey | None:
        newest = next(iter(self._keys), None)
        return (
            newest if newest and newest.algorithm is self._algorithm and newest.retired_at is None else None
        )

    def _still_needed(self, keys: list[SigningKey]) -> list[SigningKey]:
        oldest = self._now() - self._keep_retired
        return [key for key in keys if key.retired_at is None or key.retired_at > oldest]


def _read(file: Path) -> list[SigningKey]:
    try:
        return _KEYS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise Rejected(
            f"the signing keys in {file} can't be read; remove the file to make new ones"
        ) from error


def _generate(algorithm: Algorithm, now: datetime) -> SigningKey:
    match algorithm:
        case Algorithm.RS256:
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case Algorithm.ES256:
            private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    kid = _thumbprint(_public_members(pem, algorithm))
    return SigningKey(kid=kid, algorithm=algorithm, pem=pem, created_at=now)


def _public_members(pem: str, algorithm: Algorithm) -> JsonObject:
    members = jwk.construct(pem, algorithm).public_key().to_dict()
    return {name: _text(value) for name, value in members.items()}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _thumbprint(members: JsonObject) -> str:
    needed = {name: members[name] for name in _THUMBPRINT_MEMBERS[str(members["kty"])]}
    digest = hashlib.sha256(orjson.dumps(needed, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
