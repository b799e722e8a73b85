"""Every token that Platz makes or checks; nothing outside this package touches one.

Invariant: what a token may be is decided before a key is looked at: its size, its form, its one algorithm.
Each purpose has a key of its own (access tokens the stored secret, cookies keys derived from it, ID tokens
the provider's public keys), so a token of one purpose never passes for another.
"""

from platz.access.tokens.access_tokens import AccessToken, VerifiedClaims
from platz.access.tokens.api_tokens import ApiToken, new_api_token, read_api_token, same_secret
from platz.access.tokens.cookie_tokens import SignInFlow
from platz.access.tokens.id_tokens import ExpectedIdToken, Jwk, UnknownKey, VerifiedIdClaims, verify_id_token
from platz.access.tokens.issuer import Tokens
from platz.access.tokens.keys import BrokenSigningKey

__all__ = [
    "AccessToken",
    "ApiToken",
    "BrokenSigningKey",
    "ExpectedIdToken",
    "Jwk",
    "SignInFlow",
    "Tokens",
    "UnknownKey",
    "VerifiedClaims",
    "VerifiedIdClaims",
    "new_api_token",
    "read_api_token",
    "same_secret",
    "verify_id_token",
]
