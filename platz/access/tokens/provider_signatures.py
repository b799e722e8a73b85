"""Documents that the identity provider signed, as ID tokens and signed userinfo responses are.

Invariant: only the provider's public RSA and EC keys are used, never a shared secret, so an attacker can't use a
public key as a signing key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from platz.access.tokens.signatures import NotAToken, header_of, verify_asymmetric
from platz.json import JsonObject

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
LIMIT = 32 * 1024

Jwk: TypeAlias = Mapping[str, Any]


class UnknownKey(NotAToken):
    """The token was signed with a key that the provider did not publish."""


def provider_claims(text: str, keys: Sequence[Jwk]) -> tuple[JsonObject, str]:
    """Return the claims that the provider signed, and the algorithm.

    Raises `UnknownKey` when the provider may have newer keys, else `NotAToken`.
    """
    header = header_of(text, algorithms=ALGORITHMS, limit=LIMIT)
    algorithm = str(header["alg"])
    for key in _candidates(keys, header, algorithm):
        with contextlib.suppress(NotAToken):  # without `kid`, the next key may be the right one
            return verify_asymmetric(text, key, algorithm=algorithm), algorithm
    raise UnknownKey  # the provider may have a new key with the old `kid`, or with none


def _candidates(keys: Sequence[Jwk], header: JsonObject, algorithm: str) -> Sequence[Jwk]:
    """Return the keys that may have signed the token; without `kid`, there may be several."""
    kid, kty = header.get("kid"), "RSA" if algorithm.startswith("RS") else "EC"
    return [
        key
        for key in keys
        if key.get("kty") == kty
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
