"""What the log says about a credential that was refused: whence it came and which it was, never the credential.

Invariant: of an API token only its id is told, which is no secret; of an access token nothing.
"""

from __future__ import annotations

import structlog
from starlette.types import Scope

from platz.access.tokens import read_api_token
from platz.errors import Unauthenticated

log = structlog.get_logger()


def address_of(scope: Scope) -> str | None:
    """Return the address of the client: of the connection, or what a proxy says that `FORWARDED_ALLOW_IPS` trusts."""
    client = scope.get("client")
    return str(client[0]) if client else None


def tell_refused_credential(address: str | None, api_token: str | None) -> None:
    """Log a credential that was refused."""
    log.warning(
        "Refused a credential",
        action="credential_refused",
        address=address,
        token_id=None if api_token is None else _id_of(api_token),
    )


def _id_of(api_token: str) -> str | None:
    try:
        return str(read_api_token(api_token).id)
    except Unauthenticated:
        return None
