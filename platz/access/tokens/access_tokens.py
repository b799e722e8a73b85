"""Access tokens: the JWT of users who signed in and of deployments' `platz-creds` (auth.md section 3).

Invariant: HS256 with the stored secret and the claims iat, exp, nbf and identity, all required.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from platz.access.tokens.keys import SigningKey
from platz.access.tokens.signatures import NotAToken, sign_symmetric, verify_symmetric
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId
from platz.json import JsonObject, JsonValue

LEEWAY = timedelta(seconds=5)
LIMIT = 4096
_LAST_SECOND = 253402300799  # of the year 9999, where Python's calendar ends


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A token that was just made."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class VerifiedClaims:
    """What a token says, after every check. Whether its subject still exists is not known yet."""

    identity: Identity
    expires_at: datetime


def issue(key: SigningKey, identity: Identity, lifetime: timedelta, now: datetime) -> AccessToken:
    """Sign a token for the identity; whole seconds, as the claims hold integers."""
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
    claims = verify_symmetric(text, key.secret, limit=LIMIT)
    _moment(claims, "iat")
    if _moment(claims, "nbf") > now + LEEWAY:
        raise NotAToken("the token is not valid yet")
    expires_at = _moment(claims, "exp")
    if expires_at <= now - LEEWAY:
        raise NotAToken("the token has expired")
    return VerifiedClaims(identity=read_identity(claims.get("identity")), expires_at=expires_at)


def identity_claim(identity: Identity) -> JsonObject:
    """Return the object with exactly one key that tells who it is."""
    return {type(identity).__name__: str(identity.id)}


def read_identity(claim: JsonValue) -> Identity:
    """Read what `identity_claim` wrote; raise `NotAToken`."""
    match claim:
        case {"User": str(text), **others} if not others:
            return User(id=UserId(_uuid(text)))
        case {"Bot": str(text), **others} if not others:
            return Bot(id=BotId(_uuid(text)))
        case {"Deployment": str(text), **others} if not others:
            return Deployment(id=DeploymentId(_uuid(text)))
        case _:
            raise NotAToken("the claim `identity` is missing or not understood")


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
