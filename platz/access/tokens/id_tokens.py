"""ID tokens and signed userinfo responses of the identity provider.

Invariant: claims are returned only after the signature and every check of OpenID Connect Core (sections 3.1.3.7 and
5.3.4) passed.

Source: docs/contract/auth.md, "Login flow".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from platz.access.tokens.access_tokens import LEEWAY
from platz.access.tokens.clocks import apart
from platz.access.tokens.provider_signatures import Jwk, provider_claims
from platz.access.tokens.signatures import NotAToken
from platz.json import JsonObject

_CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the provider's clock may differ before a refused ID token is blamed on the clocks."""


class ClocksDiffer(NotAToken):
    """The clocks of this server and of the identity provider differ too much."""


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
    """Check signature and claims.

    Raises `UnknownKey` when the provider may have newer keys, `ClocksDiffer`, or else `NotAToken`.
    """
    claims, algorithm = provider_claims(text, keys)
    for name, holds in _CHECKS.items():
        if not holds(claims, expected, now):
            raise _refusal(name, claims, now)
    _check_access_token_hash(claims, expected.access_token, algorithm)
    return VerifiedIdClaims(subject=str(claims["sub"]), claims=claims)


def verify_userinfo(text: str, keys: Sequence[Jwk], *, issuer: str, client_id: str) -> JsonObject:
    """Check a signed userinfo response, whose `iss` and `aud` may be absent; raise as `verify_id_token` does."""
    claims, _ = provider_claims(text, keys)
    audience = claims.get("aud", client_id)
    if claims.get("iss", issuer) != issuer:
        raise NotAToken("the `iss` of the user info is not right")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise NotAToken("the `aud` of the user info is not right")
    return claims


def _refusal(name: str, claims: JsonObject, now: datetime) -> NotAToken:
    """Return the error for a wrong claim; a time that is wrong in a token just issued is told as what it is."""
    sentence = f"the ID token's `{name}` is not right"
    issued = _moment(claims.get("iat"))
    if name not in _TIMES or issued is None:
        return NotAToken(sentence)
    ahead = issued - now
    if abs(ahead) <= _CLOCK_TOLERANCE:
        return NotAToken(sentence)
    return ClocksDiffer(
        f"{sentence}: the clock of this Platz server is {apart(ahead)}"
        f" {'behind' if ahead > timedelta(0) else 'ahead of'} the identity provider's"
        f" ({now:%Y-%m-%d %H:%M} here, {issued:%Y-%m-%d %H:%M} there, UTC); set the wrong clock right"
    )


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
    return issued is not None and issued <= (now + _CLOCK_TOLERANCE).timestamp()


def _has_begun(claims: JsonObject, _expected: ExpectedIdToken, now: datetime) -> bool:
    begins = _seconds(claims.get("nbf", 0))
    return begins is not None and begins <= (now + _CLOCK_TOLERANCE).timestamp()


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
    "iat": _is_issued,
    "exp": _is_not_expired,
    "nbf": _has_begun,
    "nonce": _nonce_is_ours,
    "sub": _has_subject,
}
_TIMES = {"iat", "exp", "nbf"}


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


def _moment(value: object) -> datetime | None:
    seconds = _seconds(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
