"""`Tokens`: the object with which the rest of Platz makes and checks access tokens and cookies.

Invariant: every call uses the current signing key (at most 2 s old); an invalid text raises `Unauthenticated` (or
`Rejected` for the sign-in cookie) with the contract's message, never a library's error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from platz.access.tokens import access_tokens, cookie_tokens
from platz.access.tokens.access_tokens import AccessToken, VerifiedClaims
from platz.access.tokens.cookie_tokens import LivePass, PageState, SignInFlow
from platz.access.tokens.keys import SigningKeys, derive
from platz.access.tokens.signatures import NotAToken
from platz.errors import Rejected, Unauthenticated
from platz.identities import Identity


class Tokens:
    """The maker and checker of access tokens and cookies, with the installation's signing key. Thread-safe."""

    def __init__(self, signing_key: Callable[[], str]) -> None:
        """Take ``signing_key``, which returns the text of the setting `jwt_secret`; it is called at most every 2 s."""
        self._keys = SigningKeys(signing_key)

    def issue(self, identity: Identity, lifetime: timedelta, now: datetime) -> AccessToken:
        """Make an access token.

        Source: docs/contract/auth.md, "Access tokens".
        """
        return access_tokens.issue(self._keys.current(), identity, lifetime, now)

    def verify(self, text: str, now: datetime) -> VerifiedClaims:
        """Check an access token; raise `Unauthenticated`, or `BrokenSigningKey` for a damaged setting."""
        try:
            return access_tokens.verify(self._keys.current(), text, now)
        except NotAToken as error:
            raise Unauthenticated(f"JWT decoding error: {error.message}") from error

    def key_fingerprint(self) -> str:
        """Return a text that changes when the signing key changes, which makes every earlier token invalid."""
        return self._keys.current().fingerprint

    def preview_key(self) -> bytes:
        """Return the key of the digests in the ids of previews, so that nobody can guess what was digested."""
        return derive(self._keys.current().secret, "preview")

    def seal_live_pass(self, claims: VerifiedClaims, page: PageState | None = None) -> str:
        """Make the value of the live events cookie, for the same identity and the same time as the access token."""
        return cookie_tokens.seal_live_pass(self._keys.current(), claims, page)

    def open_live_pass(self, text: str, now: datetime) -> LivePass:
        """Check the live events cookie; raise `Unauthenticated`."""
        try:
            return cookie_tokens.open_live_pass(self._keys.current(), text, now)
        except NotAToken as error:
            raise Unauthenticated(f"Cookie authentication error: {error.message}") from error

    def begin_sign_in(self, now: datetime) -> tuple[SignInFlow, str]:
        """Generate the secrets of one sign-in; return them, and the value of the cookie that holds them."""
        flow = cookie_tokens.new_sign_in_flow()
        return flow, cookie_tokens.seal_sign_in(self._keys.current(), flow, now)

    def resume_sign_in(self, text: str | None, now: datetime) -> SignInFlow:
        """Read the sign-in cookie; raise `Rejected` when it is missing, forged, or older than ten minutes."""
        try:
            return cookie_tokens.open_sign_in(self._keys.current(), text or "", now)
        except NotAToken as error:
            sentence = "This sign-in has expired or was started in another browser; please sign in again."
            raise Rejected(sentence) from error
