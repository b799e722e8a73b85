"""User tokens and bot tokens, sent as `x-platz-token`.

Invariant: the secret half is never stored, only the SHA-256 of its text, and hashes are compared in constant time.

Source: docs/contract/auth.md, "API tokens".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from platz.errors import Unauthenticated

_LIMIT = 512


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """The two halves of a token: the id of its row, and the hash of its secret, to compare with the row's."""

    id: UUID
    secret_hash: str = field(repr=False)


def new_api_token() -> tuple[ApiToken, str]:
    """Generate a token; return the part to store, and the text to show once."""
    token_id, secret = uuid4(), _encode(secrets.token_bytes(32))
    return ApiToken(id=token_id, secret_hash=_hash(secret)), f"{_encode(token_id.bytes)}.{secret}"


def read_api_token(text: str) -> ApiToken:
    """Split a token at its first dot; raise `Unauthenticated` with the contract's messages."""
    if not text.isascii() or not text.isprintable():
        raise Unauthenticated("API token authentication error: API token header has no value")
    first, dot, secret = text.partition(".")
    raw = _decode(first) if dot and len(text) <= _LIMIT else None
    if raw is None:
        raise Unauthenticated("API token authentication error: Invalid token")
    return ApiToken(id=UUID(bytes=raw), secret_hash=_hash(secret))


def same_secret(presented: ApiToken, stored_hash: str) -> bool:
    """Return whether the hashes are equal, compared in constant time."""
    return hmac.compare_digest(presented.secret_hash.encode(), stored_hash.encode())


def _hash(secret: str) -> str:
    return _encode(hashlib.sha256(secret.encode("ascii")).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes | None:
    """Return the 16 bytes whose canonical encoding is ``text``, or None."""
    if len(text) != 22:
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == text else None
