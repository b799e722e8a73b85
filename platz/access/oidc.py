"""Sign-in through the identity provider: authorization code flow, PKCE and nonce.

Invariant: a code is only valid together with the secrets of the browser that started the sign-in, and a person is
only accepted after the ID token passed every check and the userinfo response is about the same subject.
`Unauthenticated` means that the code or a token was refused; a failure of the provider is `ProviderUnavailable`.

Source: docs/contract/auth.md, "OIDC login".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from platz.access.accounts import Person
from platz.access.provider_documents import (
    ProviderDirectory,
    ProviderDocuments,
    ProviderSettings,
    ProviderUnavailable,
    fetch_json,
)
from platz.access.tokens import ExpectedIdToken, SignInFlow, UnknownKey, VerifiedIdClaims, verify_id_token
from platz.access.tokens.signatures import NotAToken
from platz.errors import Denied, Rejected, Unauthenticated
from platz.json import JsonObject
from platz.web_addresses import authority_of

SCOPE = "openid profile email"
CALLBACK_PATH = "/auth/google/callback"
PLACES = 16
"""The number of sign-ins that may wait for the provider at a time, less than half of the threads for requests."""
PLACE_SECONDS = 3.0
"""How long further sign-ins wait for a place: enough for a whole team when the provider responds within a second."""
_TEXT_LIMIT = 1024
_CODE_LIMIT = 4096


def callback_url(own_url: str) -> str:
    """Return the redirect address: the fixed path at the origin of ``own_url``.

    Source: docs/contract/auth.md, "Identity provider settings".
    """
    parts = urlsplit(own_url)
    return f"{parts.scheme}://{authority_of(parts.scheme, parts.netloc)}{CALLBACK_PATH}"


class IdentityProvider:
    """The client of the identity provider. Thread-safe; its methods block during their requests to the provider."""

    def __init__(
        self,
        settings: Callable[[], ProviderSettings],
        client: httpx.Client,
        *,
        own_url: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take ``settings``, which may be slow (a parameter store): it is called only before documents are fetched."""
        self._directory = ProviderDirectory(settings, client)
        self._client = client
        self._callback = callback_url(own_url)
        self._now = now
        self._places = threading.BoundedSemaphore(PLACES)

    def redirect_url(self, flow: SignInFlow) -> str:
        """Return the address to which the browser is redirected; raise `ProviderUnavailable`."""
        try:
            with self._place():
                provider = self._directory.documents()
        except ProviderUnavailable as error:
            raise ProviderUnavailable(f"Error getting redirect URL: {error.message}") from error
        query = {
            "response_type": "code",
            "client_id": provider.settings.client_id,
            "redirect_uri": self._callback,
            "scope": SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        return f"{provider.authorization_endpoint}{joint}{urlencode(query)}"

    def finish(self, code: str, flow: SignInFlow) -> Person:
        """Exchange the code and return who signed in.

        Raises `Unauthenticated` (code or token refused), `Rejected` (a claim is missing), `Denied` (the
        e-mail is not verified) or `ProviderUnavailable`.
        """
        with self._place():
            provider = self._directory.documents()
            answer = self._exchange(provider, code, flow)
            access_token, id_token = answer.get("access_token"), answer.get("id_token")
            if not isinstance(access_token, str) or not isinstance(id_token, str):
                raise Unauthenticated("OIDC authentication error: the provider sent no ID or access token")
            verified = self._verify(provider, id_token, access_token, flow)
            userinfo = self._userinfo(provider, access_token, verified.subject)
        return _person(provider.settings, verified, userinfo)

    @contextmanager
    def _place(self) -> Generator[None]:
        """Limit the threads that wait for the provider, because anybody can start sign-ins while it hangs."""
        if not self._places.acquire(timeout=PLACE_SECONDS):
            raise ProviderUnavailable("OIDC authentication error: too many people sign in at this moment")
        try:
            yield
        finally:
            self._places.release()

    def _exchange(self, provider: ProviderDocuments, code: str, flow: SignInFlow) -> JsonObject:
        if not 0 < len(code) <= _CODE_LIMIT:
            raise Unauthenticated("OIDC authentication error: the code was not accepted")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": flow.verifier,
            "redirect_uri": self._callback,
        }
        status, answer = fetch_json(
            self._client,
            "POST",
            provider.token_endpoint,
            what="OIDC authentication error",
            **_client_authentication(provider, form),
        )
        if status == 200 and answer is not None:
            return answer
        raise self._refusal(status, (answer or {}).get("error"))

    def _refusal(self, status: int, error: object) -> Exception:
        if status in {400, 403} and error == "invalid_grant":
            return Unauthenticated(
                "OIDC authentication error: the code was not accepted; please sign in again"
            )
        if status == 401 or error in {"invalid_client", "unauthorized_client"}:
            self._directory.forget()
            sentence = "the identity provider refused the client id or secret of this installation"
            return ProviderUnavailable(f"OIDC authentication error: {sentence}")
        return ProviderUnavailable(f"OIDC authentication error: the identity provider answered {status}")

    def _verify(
        self, provider: ProviderDocuments, id_token: str, access_token: str, flow: SignInFlow
    ) -> VerifiedIdClaims:
        expected = ExpectedIdToken(
            issuer=provider.issuer,
            client_id=provider.settings.client_id,
            nonce=flow.nonce,
            access_token=access_token,
        )
        try:
            try:
                return verify_id_token(id_token, provider.keys, expected, self._now())
            except UnknownKey:
                keys = self._directory.refetch(unless=provider).keys
                return verify_id_token(id_token, keys, expected, self._now())
        except NotAToken as error:
            raise Unauthenticated(f"OIDC authentication error: {error.message}") from error

    def _userinfo(self, provider: ProviderDocuments, access_token: str, subject: str) -> JsonObject:
        status, claims = fetch_json(
            self._client,
            "GET",
            provider.userinfo_endpoint,
            what="OIDC authentication error",
            headers={"Authorization": f"Bearer {access_token}"},
        )
        if status in {401, 403}:
            raise Unauthenticated("OIDC authentication error: the provider refused its own access token")
        if status != 200 or claims is None:
            raise ProviderUnavailable(f"OIDC authentication error: the identity provider answered {status}")
        if claims.get("sub") != subject:
            raise Unauthenticated("OIDC authentication error: the user info is about somebody else")
        return claims


def _client_authentication(provider: ProviderDocuments, form: dict[str, str]) -> dict[str, Any]:
    """Return httpx's arguments; for HTTP Basic, id and secret are form-encoded first (RFC 6749 section 2.3.1)."""
    settings = provider.settings
    if provider.posts_client_secret:
        return {"data": {**form, "client_id": settings.client_id, "client_secret": settings.client_secret}}
    return {"data": form, "auth": (quote_plus(settings.client_id), quote_plus(settings.client_secret))}


def _person(settings: ProviderSettings, verified: VerifiedIdClaims, userinfo: JsonObject) -> Person:
    name, email = _claim(userinfo, "name"), _claim(userinfo, "email")
    if name is None:
        raise Rejected("OIDC response error: Login succeeded but user has no name")
    if email is None or "@" not in email or _imitates_ascii(email):
        raise Rejected("OIDC response error: Login succeeded but user has no email address")
    vouched = (userinfo.get("email_verified", True), verified.claims.get("email_verified", True))
    if settings.require_verified_email and any(
        value not in {True, "true"} for value in map(_hashable, vouched)
    ):
        sentence = (
            "Your e-mail address is not verified at the identity provider; verify it and sign in again."
        )
        raise Denied(sentence, reason="email_verified is not true")
    return Person(name=name, email=email)


def _claim(claims: JsonObject, name: str) -> str | None:
    value = claims.get(name)
    if not isinstance(value, str) or "\0" in value or len(value) > _TEXT_LIMIT:
        return None
    return value.strip() or None


def _imitates_ascii(email: str) -> bool:
    """Return whether lower-casing turns a non-ASCII letter into an ASCII one (as the Kelvin sign becomes `k`).

    Accounts are matched in lower case, so such an address could be taken for somebody else's.
    """
    return any(ord(letter) > 127 and any(ord(low) < 128 for low in letter.lower()) for letter in email)


def _hashable(value: object) -> bool | str:
    return value if isinstance(value, bool | str) else False
