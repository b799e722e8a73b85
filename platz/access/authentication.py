"""The authentication of requests: from their credentials to an identity that exists now.

Invariant: `x-platz-token`, when it is present, is the only credential that counts, even when it is not valid. The
subject is looked up at every request, so a deactivated or deleted one is locked out at once. Every failure has only
the contract's message: an unknown token and a wrong secret look the same.

Source: docs/contract/auth.md, "Identities and credentials".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto

from sqlalchemy import Connection

from platz.access.tokens import ApiToken, PageState, Tokens, VerifiedClaims, read_api_token, same_secret
from platz.access.visibility import Scope, living_scope
from platz.db.database import Database
from platz.db.tables import tokens as token_rows
from platz.errors import Retryable, Unauthenticated
from platz.identities import Bot, Identity, User

_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)


class Credential(Enum):
    """The kind of credential that authenticated an identity."""

    ACCESS_TOKEN = auto()
    API_TOKEN = auto()
    LIVE_PASS = auto()


@dataclass(frozen=True, kw_only=True)
class Authenticated:
    """An authenticated identity that exists, with its credential and when that expires (None: never).

    ``scope`` is what the identity could see when it was authenticated, ``page`` what the browser shows that presented
    a live pass.
    """

    identity: Identity
    scope: Scope
    credential: Credential
    expires_at: datetime | None = None
    page: PageState | None = None


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class Authenticator:
    """The check of credentials against the signing key and the database."""

    def __init__(self, database: Database, tokens: Tokens, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._tokens = tokens
        self._now = now

    def authenticate(self, *, authorization: str | None, api_token: str | None) -> Authenticated:
        """Check the values of the headers `Authorization` and `x-platz-token`.

        Raises `Unauthenticated` with the messages of docs/contract/auth.md, "Authentication failures", or `Retryable`
        when the database is not available.
        """
        if api_token is not None:
            return self._by_api_token(api_token)
        return self.by_access_token(_bearer_token(authorization))

    def identify(self, *, authorization: str | None, api_token: str | None) -> Identity:
        """Check the same headers, but not whether the subject still exists, for callers whose own query checks that.

        Raises the errors of `authenticate`. A caller that finds the subject gone raises `subject_gone`.
        """
        if api_token is not None:
            presented = read_api_token(api_token)
            with told_as_database_error(), self._database.reading() as connection:
                return _owner_of(connection, presented)
        with told_as_database_error():
            return self._tokens.verify(_bearer_token(authorization), self._now()).identity

    def by_access_token(self, text: str) -> Authenticated:
        """Check the access token of a REST request or of a live client."""
        with told_as_database_error():
            claims = self._tokens.verify(text, self._now())
            return self._living(claims, Credential.ACCESS_TOKEN)

    def by_live_pass(self, cookie: str) -> Authenticated:
        """Check the cookie that gives access to live events."""
        with told_as_database_error():
            opened = self._tokens.open_live_pass(cookie, self._now())
            return replace(self._living(opened.claims, Credential.LIVE_PASS), page=opened.page)

    def _by_api_token(self, text: str) -> Authenticated:
        presented = read_api_token(text)
        with told_as_database_error(), self._database.reading() as connection:
            owner = _owner_of(connection, presented)
            scope = _scope_of_subject(connection, owner)
        return Authenticated(identity=owner, scope=scope, credential=Credential.API_TOKEN)

    def _living(self, claims: VerifiedClaims, credential: Credential) -> Authenticated:
        with self._database.reading() as connection:
            scope = _scope_of_subject(connection, claims.identity)
        return Authenticated(
            identity=claims.identity, scope=scope, credential=credential, expires_at=claims.expires_at
        )


@contextmanager
def told_as_database_error() -> Generator[None]:
    """Put the contract's prefix before the message of a database failure during authentication."""
    try:
        yield
    except Retryable as error:
        raise Retryable(f"Database error: {error.message}") from error


def subject_gone(identity: Identity) -> Unauthenticated:
    """Return the error for a valid credential whose subject was deleted or deactivated."""
    return Unauthenticated(f"{type(identity).__name__} not found")


def _bearer_token(authorization: str | None) -> str:
    bearer = _BEARER.fullmatch(authorization or "")
    if bearer is None:
        raise Unauthenticated("Bearer authentication error: 401 Unauthorized")
    return bearer[1]


def _owner_of(connection: Connection, presented: ApiToken) -> User | Bot:
    found = token_rows.find(connection, presented.id)
    if found is None or not same_secret(presented, found.secret_hash):
        raise Unauthenticated("API token authentication error: Illegal token")
    return found.owner


def _scope_of_subject(connection: Connection, identity: Identity) -> Scope:
    scope = living_scope(connection, identity)
    if scope is None:
        raise subject_gone(identity)
    return scope
