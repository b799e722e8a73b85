"""The provider's refusals: on a page, by a redirect to the client, or as JSON (RFC 6749, 4.1.2.1, 5.2)."""

from __future__ import annotations

from http import HTTPStatus

from platz.errors import PlatzError


class RefusedOnPage(PlatzError):
    """A request whose client or redirect URI can't be trusted; the user sees a page, as no redirect is safe."""


class RefusedByRedirect(PlatzError):
    """A refusal that is sent to the client, as parameters of its redirect URI."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str | None) -> None:
        """Take ``error``, a code of RFC 6749, 4.1.2.1 or of OpenID Connect Core, 3.1.2.6."""
        super().__init__(description)
        self.error = error
        self.redirect_uri = redirect_uri
        self.state = state


class TokenRefused(PlatzError):
    """A refusal that is sent to the client as JSON."""

    def __init__(self, error: str, description: str, *, status: int = HTTPStatus.BAD_REQUEST) -> None:
        """Take ``error``, a code of RFC 6749, 5.2 or RFC 6750, 3.1."""
        super().__init__(description)
        self.error = error
        self.status = status
