"""How the provider refuses: on its page, by a redirect to the client, or as JSON (RFC 6749, 4.1.2.1, 5.2)."""

from __future__ import annotations

from http import HTTPStatus

from platz.errors import PlatzError


class RefusedOnPage(PlatzError):
    """The client or the redirect URI can't be trusted: tell the person, for there is nowhere to redirect to."""


class RefusedByRedirect(PlatzError):
    """The client must be told, by parameters that are added to its redirect URI."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str | None) -> None:
        """``error`` is a code of RFC 6749, 4.1.2.1 or of OpenID Connect Core, 3.1.2.6."""
        super().__init__(description)
        self.error = error
        self.redirect_uri = redirect_uri
        self.state = state


class TokenRefused(PlatzError):
    """The client must be told, as JSON."""

    def __init__(self, error: str, description: str, *, status: int = HTTPStatus.BAD_REQUEST) -> None:
        """``error`` is a code of RFC 6749, 5.2 or RFC 6750, 3.1."""
        super().__init__(description)
        self.error = error
        self.status = status
