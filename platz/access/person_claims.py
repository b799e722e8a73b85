"""Who signed in, according to the claims of the identity provider.

Invariant: a person is accepted only with a usable e-mail address that no document of the provider calls unverified,
unless a setting allows that.

Source: docs/contract/auth.md, "Claims".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from platz.access.accounts import Person
from platz.access.provider_documents import ProviderSettings
from platz.errors import Denied, Rejected
from platz.json import JsonObject, JsonValue

_TEXT_LIMIT = 1024
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def person_of(settings: ProviderSettings, documents: Sequence[JsonObject]) -> Person:
    """Return the person whom ``documents`` describe; of each claim, the first one that is usable counts.

    Raises `Rejected` without a usable address, or `Denied` when a document calls the address unverified.
    """
    email = next(filter(None, (_address(claims.get(settings.email_claim)) for claims in documents)), None)
    if email is None:
        sentence = (
            f"no usable claim `{settings.email_claim}`; the setting OIDC_EMAIL_CLAIM names the claim to use"
        )
        raise Rejected(f"OIDC response error: Login succeeded but user has no email address ({sentence})")
    if settings.require_verified_email and any(_says_unverified(claims) for claims in documents):
        sentence = (
            "Your e-mail address is not verified at the identity provider; verify it and sign in again."
        )
        raise Denied(sentence, reason="email_verified is not true")
    name = next(filter(None, (_text(claims.get("name")) for claims in documents)), email)
    return Person(name=name, email=email)


def _says_unverified(claims: JsonObject) -> bool:
    """Return whether `email_verified` is there and not true; some providers send the text `true`, or null."""
    value = claims.get("email_verified")
    if isinstance(value, str):
        return value.strip().lower() != "true"
    return value is not None and value is not True


def _text(value: JsonValue) -> str | None:
    if not isinstance(value, str) or "\0" in value or len(value) > _TEXT_LIMIT:
        return None
    return value.strip() or None


def _address(value: JsonValue) -> str | None:
    email = _text(value)
    return email if email and _ADDRESS.fullmatch(email) and not _imitates_ascii(email) else None


def _imitates_ascii(email: str) -> bool:
    """Return whether lower-casing turns a non-ASCII letter into an ASCII one (as the Kelvin sign becomes `k`).

    Accounts are matched in lower case, so such an address could be taken for somebody else's.
    """
    return any(ord(letter) > 127 and any(ord(low) < 128 for low in letter.lower()) for letter in email)
