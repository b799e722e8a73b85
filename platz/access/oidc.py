"""Sign-in through the identity provider: authorization code flow, PKCE and nonce.

Invariant: a code is only valid together with the secrets of the browser that started the sign-in, and a person is
only accepted after the ID token passed every check and the userinfo response is about the same subject.
`Unauthenticated` means that the code or a token was refused; a failure of the provider is `ProviderUnavailable`.

Source: docs/contract/auth.md, "OIDC login".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import structlog

from platz.access.accounts import Person
from platz.access.person_claims import person_of
from platz.access.provider_documents import (
    ProviderAnswer,
    ProviderDirectory,
    ProviderDocuments,
    ProviderSettings,
    ProviderUnavailable,
    ask,
)
from platz.access.tokens import (
    ClocksDiffer,
    ExpectedIdToken,
    Jwk,
    SignInFlow,
    UnknownKey,
    VerifiedIdClaims,
    verify_id_token,
    verify_userinfo,
)
from platz.access.tokens.signatures import NotAToken
from platz.errors import Unauthenticated
from platz.json import JsonObject
from platz.web_addresses import authority_of

SCOPE = "openid profile email"
CALLBACK_PATH = "/auth/google/callback"
PLACES = 16
"""The number of sign-ins that may wait for the provider at a time, less than half of the threads for requests."""
PLACE_SECONDS = 3.0
"""How long further sign-ins wait for a place: enough for a whole team when the provider responds within a second."""
_CODE_LIMIT = 4096
_SIGNED = "application/jwt"

Verified = TypeVar("Verified")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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

        Raises `Unauthenticated` (code or token refused), `Rejected` (no e-mail address), `Denied` (the
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
        return person_of(provider.settings, [userinfo, verified.claims])

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
        answer = ask(
            self._client,
            "POST",
            provider.token_endpoint,
            what="OIDC authentication error",
            **_client_authentication(provider, form),
        )
        if answer.status == 200 and answer.json is not None:
            return answer.json
        raise self._refusal(answer.status, (answer.json or {}).get("error"))

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
        return self._verified(provider, lambda keys: verify_id_token(id_token, keys, expected, self._now()))

    def _verified(self, provider: ProviderDocuments, verify: Callable[[Sequence[Jwk]], Verified]) -> Verified:
        """Verify with the provider's keys, which are fetched once more when none fits."""
        try:
            try:
                return verify(provider.keys)
            except UnknownKey:
                return verify(self._directory.refetch(unless=provider).keys)
        except NotAToken as error:
            if isinstance(error, ClocksDiffer):
                log.error("The clocks differ", action="sign-in", reason=error.message)  # noqa: TRY400 - no trace needed
            raise Unauthenticated(f"OIDC authentication error: {error.message}") from error

    def _userinfo(self, provider: ProviderDocuments, access_token: str, subject: str) -> JsonObject:
        if provider.userinfo_endpoint is None:
            return {}
        answer = ask(
            self._client,
            "GET",
            provider.userinfo_endpoint,
            what="OIDC authentication error",
            headers={"Authorization": f"Bearer {access_token}", "Accept": f"application/json, {_SIGNED}"},
        )
        if answer.status in {401, 403}:
            raise Unauthenticated("OIDC authentication error: the provider refused its own access token")
        claims = self._userinfo_claims(provider, answer) if answer.status == 200 else None
        if claims is None:
            raise ProviderUnavailable(
                f"OIDC authentication error: the identity provider answered {answer.status}"
            )
        if claims.get("sub") != subject:
            raise Unauthenticated("OIDC authentication error: the user info is about somebody else")
        return claims

    def _userinfo_claims(self, provider: ProviderDocuments, answer: ProviderAnswer) -> JsonObject | None:
        """Return the claims of a userinfo response, which may be signed (OpenID Connect Core section 5.3.2)."""
        if answer.media_type != _SIGNED:
            return answer.json
        text, client_id = answer.body.decode("ascii", "replace").strip(), provider.settings.client_id
        return self._verified(
            provider, lambda keys: verify_userinfo(text, keys, issuer=provider.issuer, client_id=client_id)
        )


def _client_authentication(provider: ProviderDocuments, form: dict[str, str]) -> dict[str, Any]:
    """Return httpx's arguments; for HTTP Basic, id and secret are form-encoded first (RFC 6749 section 2.3.1)."""
    settings = provider.settings
    if provider.posts_client_secret:
        return {"data": {**form, "client_id": settings.client_id, "client_secret": settings.client_secret}}
    return {"data": form, "auth": (quote_plus(settings.client_id), quote_plus(settings.client_secret))}
