"""The contents of Platz's cookies: the state of a sign-in, and the pass for live events.

Invariant: each cookie is encrypted and authenticated with the key of its purpose and contains its expiry, so nobody
can read it, forge it, use it longer, or use it in place of the other.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.fernet import Fernet, InvalidToken

from platz.access.tokens.access_tokens import VerifiedClaims, identity_claim, read_identity
from platz.access.tokens.keys import SigningKey, derive
from platz.access.tokens.signatures import NotAToken
from platz.json import JsonObject

SIGN_IN_LIFETIME = timedelta(minutes=10)
_LIMIT = 2048


@dataclass(frozen=True, kw_only=True)
class SignInFlow:
    """The secrets that tie a response of the identity provider to the browser that started the sign-in."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """The S256 code challenge (RFC 7636 section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def new_sign_in_flow() -> SignInFlow:
    """Generate the state, the nonce and the PKCE verifier, of 43 characters each."""
    draw = secrets.token_urlsafe
    return SignInFlow(state=draw(32), nonce=draw(32), verifier=draw(32))


def seal_sign_in(key: SigningKey, flow: SignInFlow, now: datetime) -> str:
    """Make the sign-in cookie's value, which is valid for ten minutes."""
    fields: JsonObject = {"state": flow.state, "nonce": flow.nonce, "verifier": flow.verifier}
    return _seal(key, "sign-in", fields, now + SIGN_IN_LIFETIME)


def open_sign_in(key: SigningKey, text: str, now: datetime) -> SignInFlow:
    """Read the sign-in cookie; raise `NotAToken`."""
    fields, _ = _open(key, "sign-in", text, now)
    match fields:
        case {"state": str(state), "nonce": str(nonce), "verifier": str(verifier)}:
            return SignInFlow(state=state, nonce=nonce, verifier=verifier)
        case _:
            raise NotAToken("the cookie is not understood")


def seal_live_pass(key: SigningKey, claims: VerifiedClaims) -> str:
    """Make the live events cookie's value; it expires together with the access token for which it is made."""
    return _seal(key, "live-events", {"identity": identity_claim(claims.identity)}, claims.expires_at)


def open_live_pass(key: SigningKey, text: str, now: datetime) -> VerifiedClaims:
    """Read the live events cookie; raise `NotAToken`."""
    fields, expires_at = _open(key, "live-events", text, now)
    return VerifiedClaims(identity=read_identity(fields.get("identity")), expires_at=expires_at)


def _seal(key: SigningKey, purpose: str, fields: JsonObject, expires_at: datetime) -> str:
    document = orjson.dumps({**fields, "exp": int(expires_at.timestamp())})
    return _cipher(key, purpose).encrypt(document).decode("ascii")


def _open(key: SigningKey, purpose: str, text: str, now: datetime) -> tuple[JsonObject, datetime]:
    if len(text) > _LIMIT:
        raise NotAToken("the cookie is too long")
    try:
        fields: JsonObject = orjson.loads(_cipher(key, purpose).decrypt(text.encode()))
    except InvalidToken as error:
        raise NotAToken("the cookie was not made here") from error
    match fields:
        case {"exp": int(seconds)} if seconds > now.timestamp():
            return fields, datetime.fromtimestamp(seconds, UTC)
        case _:
            raise NotAToken("the cookie has expired")


def _cipher(key: SigningKey, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(key.secret, purpose)))
