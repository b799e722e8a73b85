"""The one application that may use the provider, and its authentication at the token endpoint."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote_plus

from platz_sandbox.identity.errors import TokenRefused
from platz_sandbox.identity.forms import Parameters


@dataclass(frozen=True, kw_only=True)
class Client:
    """A confidential client (RFC 6749, 2.1)."""

    id: str
    secret: str = field(repr=False)
    redirect_uris: frozenset[str]

    def authenticate(self, authorization: str | None, parameters: Parameters) -> None:
        """Check HTTP Basic, or `client_id` and `client_secret` in the form; raise `TokenRefused`.

        A request that uses both is refused (RFC 6749, 2.3).
        """
        posted = parameters.get("client_secret")
        if authorization is None:
            offered = [(parameters.get("client_id", ""), posted or "")]
        elif posted is not None:
            raise TokenRefused("invalid_request", "use one way of client authentication, not two")
        else:
            offered = _basic(authorization)
            _refuse_other_client({client_id for client_id, _ in offered}, parameters.get("client_id"))
        if not any(_same(client_id, self.id) & _same(secret, self.secret) for client_id, secret in offered):
            raise _unauthenticated("the client id or secret is wrong")


def _basic(authorization: str) -> list[tuple[str, str]]:
    """Return the credentials read in two ways: urlencoded, as RFC 6749, 2.3.1 demands, and plain, as most send."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _unauthenticated("use HTTP Basic")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _unauthenticated("the HTTP Basic credentials can't be decoded") from error
    if not colon:
        raise _unauthenticated("the HTTP Basic credentials need a colon")
    return [(unquote_plus(client_id), unquote_plus(secret)), (client_id, secret)]


def _refuse_other_client(authenticated: set[str], named: str | None) -> None:
    if named is not None and named not in authenticated:
        raise TokenRefused("invalid_request", "the form names another client than the HTTP Basic credentials")


def _unauthenticated(description: str) -> TokenRefused:
    return TokenRefused("invalid_client", description, status=HTTPStatus.UNAUTHORIZED)


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
