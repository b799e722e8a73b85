"""The claims about a user, in the ID token and in userinfo (OpenID Connect Core, 2 and 5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from jose import jwt

from platz.json import JsonObject
from platz_sandbox.identity.grants import Grant
from platz_sandbox.identity.key_ring import SigningKey
from platz_sandbox.identity.products import Describe, Product

ID_TOKEN_LIFETIME = timedelta(hours=1)
_SCOPE_OF = {
    "email": "email",
    "email_verified": "email",
    "name": "profile",
    "given_name": "profile",
    "family_name": "profile",
    "preferred_username": "profile",
}
"""The scope that grants a claim (OpenID Connect Core, 5.4); the products' own claims need none."""


def userinfo(grant: Grant, product: Product) -> JsonObject:
    """Return the claims that the granted scopes allow."""
    return _granted(grant, product.in_userinfo)


def signed_userinfo(grant: Grant, product: Product, *, issuer: str, key: SigningKey) -> str:
    """Return the same claims as a signed document (OpenID Connect Core, 5.3.2)."""
    addressed = {"iss": issuer, "aud": grant.request.client_id}
    return jwt.encode(
        {**userinfo(grant, product), **addressed}, key.pem, algorithm=key.algorithm, headers={"kid": key.kid}
    )


def id_token(
    grant: Grant, product: Product, *, issuer: str, key: SigningKey, access_token: str, now: datetime
) -> str:
    """Return a signed ID token; for most products it is bound to ``access_token`` by `at_hash`."""
    client_id = grant.request.client_id
    claims: JsonObject = {
        **_granted(grant, product.in_id_token),
        "iss": issuer,
        "aud": client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + ID_TOKEN_LIFETIME).timestamp()),
        "auth_time": int(grant.signed_in_at.timestamp()),
    }
    if product.names_authorized_party:
        claims["azp"] = client_id
    if grant.request.nonce is not None:
        claims["nonce"] = grant.request.nonce
    return jwt.encode(
        claims,
        key.pem,
        algorithm=key.algorithm,
        headers={"kid": key.kid},
        access_token=access_token if product.binds_access_token else None,
    )


def _granted(grant: Grant, describe: Describe) -> JsonObject:
    scopes = {*grant.request.scope, None}
    granted = {name: value for name, value in describe(grant.user).items() if _SCOPE_OF.get(name) in scopes}
    return {"sub": grant.user.subject, **granted}
