"""The claims about a user, in the ID token and in userinfo (OpenID Connect Core, 2 and 5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from jose import jwt

from platz.json import JsonObject
from platz_sandbox.identity.grants import Grant
from platz_sandbox.identity.key_ring import SigningKey

ID_TOKEN_LIFETIME = timedelta(hours=1)


def userinfo(grant: Grant) -> JsonObject:
    """Return the claims that the granted scopes allow."""
    claims: JsonObject = {"sub": grant.user.subject}
    if "profile" in grant.request.scope:
        claims |= {"name": grant.user.name}
    if "email" in grant.request.scope:
        claims |= {"email": grant.user.email, "email_verified": grant.user.email_verified}
    return claims


def id_token(grant: Grant, *, issuer: str, key: SigningKey, access_token: str, now: datetime) -> str:
    """Return a signed ID token; it is bound to ``access_token`` by `at_hash`."""
    client_id = grant.request.client_id
    claims: JsonObject = {
        **userinfo(grant),
        "iss": issuer,
        "aud": client_id,
        "azp": client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + ID_TOKEN_LIFETIME).timestamp()),
        "auth_time": int(grant.signed_in_at.timestamp()),
    }
    if grant.request.nonce is not None:
        claims["nonce"] = grant.request.nonce
    return jwt.encode(
        claims, key.pem, algorithm=key.algorithm, headers={"kid": key.kid}, access_token=access_token
    )
