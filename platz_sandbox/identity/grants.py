"""Authorization codes and access tokens, in memory.

Invariant: a code is valid for one attempt within 60 seconds, with the redirect URI and the PKCE challenge that it was
made for; a second use revokes the access token issued for it (RFC 6749, 4.1.2; RFC 9700, 2.1.1).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from platz_sandbox.identity.authorization import AuthorizationRequest
from platz_sandbox.identity.errors import TokenRefused
from platz_sandbox.identity.people import DemoUser

CODE_LIFETIME = timedelta(seconds=60)
ACCESS_TOKEN_LIFETIME = timedelta(hours=1)
_MAX_CONCURRENT = 10_000
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The user who signed in, the time, and the authorization request."""

    request: AuthorizationRequest
    user: DemoUser
    signed_in_at: datetime


class Grants:
    """The codes and access tokens that are valid now; used from the event loop only."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._codes: _Expiring[Grant] = _Expiring(CODE_LIFETIME, now)
        self._spent: _Expiring[str] = _Expiring(
            ACCESS_TOKEN_LIFETIME, now
        )  # code → access token issued for it
        self._access_tokens: _Expiring[Grant] = _Expiring(ACCESS_TOKEN_LIFETIME, now)

    def issue_code(self, request: AuthorizationRequest, user: DemoUser) -> str:
        """Return a code for ``user``."""
        return self._codes.add(Grant(request=request, user=user, signed_in_at=self._now()))

    def redeem(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> tuple[Grant, str]:
        """Exchange a code for its grant and a new access token; raise `TokenRefused`."""
        if (token := self._spent.take(code)) is not None:
            self._access_tokens.take(token)
            raise TokenRefused("invalid_grant", "the code was used before; its access token is revoked")
        grant = self._codes.take(code)
        if grant is None:
            raise TokenRefused("invalid_grant", "the code is unknown or has expired")
        if redirect_uri != grant.request.redirect_uri:
            raise TokenRefused("invalid_grant", "redirect_uri is not the one that the code was made for")
        _check_verifier(grant.request.code_challenge, code_verifier)
        token = self._access_tokens.add(grant)
        self._spent.put(code, token)
        return grant, token

    def of_access_token(self, token: str) -> Grant | None:
        """Return the grant of an access token; None when the token is unknown, expired or revoked."""
        return self._access_tokens.get(token)


class _Expiring(Generic[Value]):
    """A bounded map whose entries all have the same lifetime, so that the first entry expires first."""

    def __init__(self, lifetime: timedelta, now: Callable[[], datetime]) -> None:
        self._lifetime = lifetime
        self._now = now
        self._entries: dict[str, tuple[datetime, Value]] = {}

    def add(self, value: Value) -> str:
        """Store ``value`` under a new, unguessable key, and return the key."""
        key = secrets.token_urlsafe(32)
        self.put(key, value)
        return key

    def put(self, key: str, value: Value) -> None:
        """Store ``value``; drop the oldest entries when there are too many."""
        self._drop_expired()
        while len(self._entries) >= _MAX_CONCURRENT:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._now() + self._lifetime, value)

    def get(self, key: str) -> Value | None:
        """Return the value of ``key``; None when it is unknown or expired."""
        entry = self._entries.get(key)
        return entry[1] if entry and self._now() < entry[0] else None

    def take(self, key: str) -> Value | None:
        """Return the value of ``key``, as `get` does, and remove it."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def _drop_expired(self) -> None:
        now = self._now()
        while self._entries and next(iter(self._entries.values()))[0] <= now:
            del self._entries[next(iter(self._entries))]


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    if challenge is None:
        if verifier is not None:  # an attacker removed the challenge from the request (RFC 9700, 4.8.2)
            raise TokenRefused("invalid_grant", "a code_verifier came for a code without code_challenge")
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise TokenRefused("invalid_grant", "code_verifier is missing or malformed")
    digest = hashlib.sha256(verifier.encode()).digest()
    if not secrets.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge):
        raise TokenRefused("invalid_grant", "code_verifier does not belong to the code_challenge")
