"""Access tokens: the JWTs of signed-in users, and those in the `platz-creds` secrets of deployments.

Invariant: an access token is signed by HS256 with the stored secret, and has the claims iat, exp, nbf and identity.

Source: docs/contract/auth.md, "Access tokens".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from platz.access.tokens.clocks import apart
from platz.access.tokens.keys import SigningKey
from platz.access.tokens.signatures import NotAToken, sign_symmetric, verify_symmetric
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId
from platz.json import JsonObject, JsonValue

LEEWAY = timedelta(seconds=5)
LIMIT = 4096
KNOWN_TOKENS = 4096
"""The number of verified tokens to remember, because a client sends the same token with every request."""

_LAST_SECOND = 253402300799  # of the year 9999, where Python's calendar ends


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A new access token."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class VerifiedClaims:
    """The claims of a token that passed every check; whether its subject still exists has not been checked."""

    identity: Identity
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """The part of a token's check that does not depend on the present time."""

    not_before: datetime
    verified: VerifiedClaims


def issue(key: SigningKey, identity: Identity, lifetime: timedelta, now: datetime) -> AccessToken:
    """Sign a token for the identity; times are whole seconds, because the claims hold integers."""
    issued = int(now.timestamp())
    expires = issued + int(lifetime.total_seconds())
    claims: JsonObject = {
        "iat": issued,
        "exp": expires,
        "nbf": issued,
        "identity": identity_claim(identity),
    }
    return AccessToken(
        text=sign_symmetric(claims, key.secret), expires_at=datetime.fromtimestamp(expires, UTC)
    )


def verify(key: SigningKey, text: str, now: datetime) -> VerifiedClaims:
    """Check signature, times (5 s of leeway) and claims; raise `NotAToken`."""
    signed = _signed(key.secret, text)
    if signed.not_before > now + LEEWAY:
        ahead = apart(signed.not_before - now)
        sentence = f"the clock of the Platz server that issued it is at least {ahead} ahead of this one's"
        raise NotAToken(f"the token is not valid yet: {sentence}; let both get the time from one source")
    if signed.verified.expires_at <= now - LEEWAY:
        raise NotAToken("the token has expired")
    return signed.verified


def identity_claim(identity: Identity) -> JsonObject:
    """Return the claim `identity`, an object with one key: `{"<type>": "<id>"}`."""
    return {type(identity).__name__: str(identity.id)}


def read_identity(claim: JsonValue) -> Identity:
    """Read a claim that `identity_claim` wrote; raise `NotAToken`."""
    match claim:
        case {"User": str(text), **others} if not others:
            return User(id=UserId(_uuid(text)))
        case {"Bot": str(text), **others} if not others:
            return Bot(id=BotId(_uuid(text)))
        case {"Deployment": str(text), **others} if not others:
            return Deployment(id=DeploymentId(_uuid(text)))
        case _:
            raise NotAToken("the claim `identity` is missing or not understood")


@lru_cache(maxsize=KNOWN_TOKENS)
def _signed(secret: bytes, text: str) -> _Signed:
    """Check everything but the times; raise `NotAToken`."""
    claims = verify_symmetric(text, secret, limit=LIMIT)
    _moment(claims, "iat")
    return _Signed(
        not_before=_moment(claims, "nbf"),
        verified=VerifiedClaims(
            expires_at=_moment(claims, "exp"), identity=read_identity(claims.get("identity"))
        ),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotAToken("the claim `identity` holds no UUID") from error


def _moment(claims: JsonObject, name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LAST_SECOND:
        raise NotAToken(f"the claim `{name}` is missing or not a time")
    return datetime.fromtimestamp(value, UTC)
