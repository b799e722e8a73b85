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
from uuid import UUID

import orjson
from cryptography.fernet import Fernet, InvalidToken

from platz.access.tokens.access_tokens import VerifiedClaims, identity_claim, read_identity
from platz.access.tokens.keys import SigningKey, derive
from platz.access.tokens.signatures import NotAToken
from platz.identities import EnvId
from platz.json import JsonObject, JsonValue

SIGN_IN_LIFETIME = timedelta(minutes=10)
PAGE_ENVS = 80
"""The most environments that a live pass lists, because browsers keep only cookies of up to 4096 characters."""
_LIMIT = 4000


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


@dataclass(frozen=True, kw_only=True)
class PageState:
    """What an open page shows: the lists since the moment ``since``, of the environments that its user saw then.

    The moment is one of `platz.db.lists.missed_changes`; ``env_ids`` is None when there were too many to remember.
    """

    since: int
    everything: bool
    env_ids: frozenset[EnvId] | None


@dataclass(frozen=True, kw_only=True)
class LivePass:
    """What a live events cookie says; ``page`` is None in cookies that were made before pages were remembered."""

    claims: VerifiedClaims
    page: PageState | None


def seal_live_pass(key: SigningKey, claims: VerifiedClaims, page: PageState | None = None) -> str:
    """Make the live events cookie's value; it expires together with the access token for which it is made."""
    fields: JsonObject = {"identity": identity_claim(claims.identity)}
    if page is not None:
        fields["page"] = {"since": page.since, "everything": page.everything, "envs": _packed(page.env_ids)}
    return _seal(key, "live-events", fields, claims.expires_at)


def open_live_pass(key: SigningKey, text: str, now: datetime) -> LivePass:
    """Read the live events cookie; raise `NotAToken`."""
    fields, expires_at = _open(key, "live-events", text, now)
    claims = VerifiedClaims(identity=read_identity(fields.get("identity")), expires_at=expires_at)
    return LivePass(claims=claims, page=_page(fields.get("page")))


def _packed(env_ids: frozenset[EnvId] | None) -> str | None:
    if env_ids is None or len(env_ids) > PAGE_ENVS:
        return None
    return base64.urlsafe_b64encode(b"".join(env_id.bytes for env_id in env_ids)).decode("ascii")


def _page(stored: JsonValue) -> PageState | None:
    match stored:
        case {"since": int(since), "everything": bool(everything), "envs": str() | None as packed}:
            ids = None if packed is None else base64.urlsafe_b64decode(packed)
            return PageState(since=since, everything=everything, env_ids=_unpacked(ids))
        case _:
            return None


def _unpacked(ids: bytes | None) -> frozenset[EnvId] | None:
    if ids is None:
        return None
    return frozenset(EnvId(UUID(bytes=ids[start : start + 16])) for start in range(0, len(ids), 16))


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
