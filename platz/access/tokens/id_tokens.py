"""ID tokens of the identity provider (OpenID Connect Core section 3.1.3.7; docs/contract/auth.md, "Login flow").

Invariant: only the provider's public RSA and EC keys are used, never a shared secret, so an attacker can't use a
public key as a signing key.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from platz.access.tokens.access_tokens import LEEWAY
from platz.access.tokens.signatures import NotAToken, header_of, verify_asymmetric
from platz.json import JsonObject

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
LIMIT = 32 * 1024
_MAX_CLOCK_LEAD = 300

Jwk: TypeAlias = Mapping[str, Any]


class UnknownKey(NotAToken):
    """The token was signed with a key that the provider did not publish."""


@dataclass(frozen=True, kw_only=True)
class ExpectedIdToken:
    """The values that the token's claims must match."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class VerifiedIdClaims:
    """The claims of an ID token that passed every check."""

    subject: str
    claims: JsonObject = field(repr=False)


def verify_id_token(
    text: str, keys: Sequence[Jwk], expected: ExpectedIdToken, now: datetime
) -> VerifiedIdClaims:
    """Check signature and claims; raise `UnknownKey` when the provider may have newer keys, else `NotAToken`."""
    header = header_of(text, algorithms=ALGORITHMS, limit=LIMIT)
    algorithm = str(header["alg"])
    claims = _signed_claims(text, algorithm, _candidates(keys, header, algorithm))
    for name, holds in _CHECKS.items():
        if not holds(claims, expected, now):
            raise NotAToken(f"the ID token's `{name}` is not right")
    _check_access_token_hash(claims, expected.access_token, algorithm)
    return VerifiedIdClaims(subject=str(claims["sub"]), claims=claims)


def _candidates(keys: Sequence[Jwk], header: JsonObject, algorithm: str) -> Sequence[Jwk]:
    """Return the keys that may have signed the token; without `kid`, there may be several."""
    kid, kty = header.get("kid"), "RSA" if algorithm.startswith("RS") else "EC"
    fitting = [
        key
        for key in keys
        if key.get("kty") == kty
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    if not fitting:
        raise UnknownKey
    return fitting


def _signed_claims(text: str, algorithm: str, keys: Sequence[Jwk]) -> JsonObject:
    for key in keys:
        with contextlib.suppress(NotAToken):  # without `kid`, the next key may be the right one
            return verify_asymmetric(text, key, algorithm=algorithm)
    raise UnknownKey  # the provider may have a new key with the old `kid`, or with none


def _audience_is_right(claims: JsonObject, expected: ExpectedIdToken, _now: datetime) -> bool:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp")
    if expected.client_id not in audiences or (len(audiences) > 1 and authorized is None):
        return False
    return authorized is None or authorized == expected.client_id


def _is_not_expired(claims: JsonObject, _expected: ExpectedIdToken, now: datetime) -> bool:
    expires = _seconds(claims.get("exp"))
    return expires is not None and expires > (now - LEEWAY).timestamp()


def _is_issued(claims: JsonObject, _expected: ExpectedIdToken, now: datetime) -> bool:
    issued = _seconds(claims.get("iat"))
    return issued is not None and issued <= now.timestamp() + _MAX_CLOCK_LEAD


def _nonce_is_ours(claims: JsonObject, expected: ExpectedIdToken, _now: datetime) -> bool:
    nonce = claims.get("nonce")
    return isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), expected.nonce.encode())


def _issuer_is_right(claims: JsonObject, expected: ExpectedIdToken, _now: datetime) -> bool:
    return claims.get("iss") == expected.issuer


def _has_subject(claims: JsonObject, _expected: ExpectedIdToken, _now: datetime) -> bool:
    return isinstance(claims.get("sub"), str) and bool(claims["sub"])


_CHECKS: Mapping[str, Callable[[JsonObject, ExpectedIdToken, datetime], bool]] = {
    "iss": _issuer_is_right,
    "aud": _audience_is_right,
    "exp": _is_not_expired,
    "iat": _is_issued,
    "nonce": _nonce_is_ours,
    "sub": _has_subject,
}


def _check_access_token_hash(claims: JsonObject, access_token: str, algorithm: str) -> None:
    """Check `at_hash` where the provider sends it (OpenID Connect Core section 3.1.3.6)."""
    given = claims.get("at_hash")
    if given is None:
        return
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode()).digest()
    wanted = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotAToken("the ID token's `at_hash` is not right")


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
