"""The objects that the HTTP room is given, built once when the process starts.

Invariant: handlers reach everything outside through these objects; none of them reads settings or the environment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from platz.access.authentication import Authenticator
from platz.access.oidc import IdentityProvider
from platz.access.tokens import Tokens
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.errors import Retryable
from platz.http.rate_limits import RateLimits
from platz.observation.ingress import IngressCaller
from platz.preview.previews import Previews


@dataclass(frozen=True, kw_only=True)
class Services:
    """The objects that requests need.

    ``own_url`` is the public address, ``version`` the release, ``cipher`` encrypts secrets at rest,
    ``request_threads`` should match the size of the connection pool, ``offered_previews`` are None where none are made.

    Source: docs/contract/http-api.md, "Server information".
    """

    database: Database
    authenticator: Authenticator
    tokens: Tokens
    identity_provider: IdentityProvider
    admin_emails: Collection[str]
    own_url: str
    version: str
    cipher: Cipher
    ingress: IngressCaller
    request_threads: int = 40
    offered_previews: Previews | None = None
    rate_limits: RateLimits = field(default_factory=RateLimits)

    @property
    def previews(self) -> Previews:
        """What shows changes before they are made; raise `Retryable` where that is not offered."""
        if self.offered_previews is None:
            raise Retryable("This process of Platz can't compare or preview; ask another one.")
        return self.offered_previews
