"""Access tokens, API tokens, cookies and ID tokens; all code that makes or checks them is in this package.

Invariant: a signed token's size, form and algorithm are checked before a key is used. Each purpose has its own key
(access tokens the stored secret, cookies keys derived from it, ID tokens the provider's public keys), so a token of
one purpose is never accepted for another.
"""

from platz.access.tokens.access_tokens import AccessToken, VerifiedClaims
from platz.access.tokens.api_tokens import ApiToken, new_api_token, read_api_token, same_secret
from platz.access.tokens.cookie_tokens import LivePass, PageState, SignInFlow
from platz.access.tokens.id_tokens import (
    ClocksDiffer,
    ExpectedIdToken,
    VerifiedIdClaims,
    verify_id_token,
    verify_userinfo,
)
from platz.access.tokens.issuer import Tokens
from platz.access.tokens.keys import BrokenSigningKey
from platz.access.tokens.provider_signatures import Jwk, UnknownKey

__all__ = [
    "AccessToken",
    "ApiToken",
    "BrokenSigningKey",
    "ClocksDiffer",
    "ExpectedIdToken",
    "Jwk",
    "LivePass",
    "PageState",
    "SignInFlow",
    "Tokens",
    "UnknownKey",
    "VerifiedClaims",
    "VerifiedIdClaims",
    "new_api_token",
    "read_api_token",
    "same_secret",
    "verify_id_token",
    "verify_userinfo",
]
