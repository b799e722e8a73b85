"""Authorization codes and access tokens, in memory.

Invariant: a code is good for one attempt within 60 seconds, with the redirect URI and the PKCE challenge that
it was made for; using it again revokes the access token that came of it (RFC 6749, 4.1.2; RFC 9700, 2.1.1).
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
    """Who signed in, when, and what was asked for."""

    request: AuthorizationRequest
    user: DemoUser
    signed_in_at: datetime


class Grants:
    """Hands out codes and access tokens. Used from the event loop only."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._codes: _Expiring[Grant] = _Expiring(CODE_LIFETIME, now)
        self._spent: _Expiring[str] = _Expiring(
            ACCESS_TOKEN_LIFETIME, now
        )  # code → access token that came of it
        self._access_tokens: _Expiring[Grant] = _Expiring(ACCESS_TOKEN_LIFETIME, now)

    def issue_code(self, request: AuthorizationRequest, user: DemoUser) -> str:
        """Return a code for ``user``."""
        return self._codes.add(Grant(request=request, user=user, signed_in_at=self._now()))

    def redeem(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> tuple[Grant, str]:
        """Exchange a code for what was granted and a new access token; raise `TokenRefused`."""
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
        """Return what an access token stands for, unless it is unknown, expired or revoked."""
        return self._access_tokens.get(token)


class _Expiring(Generic[Value]):
    """A bounded map whose entries all live equally long, so that the oldest come first."""

    def __init__(self, lifetime: timedelta, now: Callable[[], datetime]) -> None:
        self._lifetime = lifetime
        self._now = now
        self._entries: dict[str, tuple[datetime, Value]] = {}

    def add(self, value: Value) -> str:
        """Keep ``value`` under a new unguessable key."""
        key = secrets.token_urlsafe(32)
        self.put(key, value)
        return key

    def put(self, key: str, value: Value) -> None:
        """Keep ``value``; the oldest entries go when there are too many."""
        self._drop_expired()
        while len(self._entries) >= _MAX_CONCURRENT:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._now() + self._lifetime, value)

    def get(self, key: str) -> Value | None:
        """Return what lives under ``key``."""
        entry = self._entries.get(key)
        return entry[1] if entry and self._now() < entry[0] else None

    def take(self, key: str) -> Value | None:
        """Return and forget what lives under ``key``."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def _drop_expired(self) -> None:
        now = self._now()
        while self._entries and next(iter(self._entries.values()))[0] <= now:
            del self._entries[next(iter(self._entries))]


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    if challenge is None:
        if verifier is not None:  # somebody took the challenge out of the request (RFC 9700, 4.8.2)
            raise TokenRefused("invalid_grant", "a code_verifier came for a code without code_challenge")
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise TokenRefused("invalid_grant", "code_verifier is missing or malformed")
    digest = hashlib.sha256(verifier.encode()).digest()
    if not secrets.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge):
        raise TokenRefused("invalid_grant", "code_verifier does not belong to the code_challenge")
