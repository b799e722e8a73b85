"""The sign-in of a user, from the first redirect to the access token.

Invariant: a sign-in can only be finished in the browser that started it.

Source: docs/contract/auth.md, "Login flow".
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platz.access.accounts import user_of
from platz.access.authentication import utc_now
from platz.access.oidc import IdentityProvider
from platz.access.tokens import AccessToken, SignInFlow, Tokens
from platz.db.database import Database
from platz.errors import Rejected
from platz.identities import User

TOKEN_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class StartedSignIn:
    """The address to which the browser is redirected, and the cookie that it must keep until the sign-in ends."""

    redirect_url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The user who signed in, and the user's access token."""

    user: User
    token: AccessToken = field(repr=False)


class SignIn:
    """The start and the end of sign-ins; the methods block."""

    def __init__(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        database: Database,
        *,
        admin_emails: Collection[str],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._provider = provider
        self._tokens = tokens
        self._database = database
        self._admin_emails = admin_emails
        self._now = now

    def start(self) -> StartedSignIn:
        """Start a sign-in; raise `ProviderUnavailable`."""
        flow, cookie = self._tokens.begin_sign_in(self._now())
        return StartedSignIn(redirect_url=self._provider.redirect_url(flow), cookie=cookie)

    def finish(self, *, code: str, state: str | None, cookie: str | None) -> SignedIn:
        """Exchange the code for an access token that is valid for seven days.

        ``state`` is checked when the frontend forwards it. Raises `Rejected` (the sign-in has expired or belongs to
        another browser, or a claim is missing), `Unauthenticated` (code or token refused), `Denied` (user deactivated,
        e-mail address not verified), or `Retryable` (provider or database unavailable).
        """
        flow = self._tokens.resume_sign_in(cookie, self._now())
        _require_same_state(flow, state)
        person = self._provider.finish(code, flow)
        with self._database.transaction() as connection:
            user = user_of(connection, person, admin_emails=self._admin_emails)
        token = self._tokens.issue(user, TOKEN_LIFETIME, self._now())
        return SignedIn(user=user, token=token)


def _require_same_state(flow: SignInFlow, state: str | None) -> None:
    if state is not None and not hmac.compare_digest(state.encode(), flow.state.encode()):
        raise Rejected("This sign-in does not belong to this browser; please sign in again.")
