"""How Platz proves to a cluster who it is, and how that proof is renewed before it ends.

Invariant: the text of a token or a key never appears in a repr, so no log line can hold it by accident.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from typing_extensions import override


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """A certificate with its private key, both in PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A bearer token, a client certificate, both or nothing; ``expires_at`` None: it does not end."""

    token: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = None
    expires_at: datetime | None = None


class CredentialSource(Protocol):
    """Where the credential of a cluster comes from."""

    def current(self) -> Credential:
        """Return a credential that is good for the next request."""
        ...

    def renew(self) -> Credential:
        """Return a new credential: the present one was refused, or must last as long as possible."""
        ...


@dataclass(frozen=True, kw_only=True)
class FixedCredential:
    """A credential that stands in a kubeconfig and never changes."""

    credential: Credential

    def current(self) -> Credential:
        """Return the only credential there is."""
        return self.credential

    def renew(self) -> Credential:
        """Return the only credential there is."""
        return self.credential


class RenewedCredential:
    """Keeps what ``fetch`` made until shortly before it ends; safe to use from many threads.

    Two with equal origins are equal: a kubeconfig that is read once more and says the same is no change.
    """

    def __init__(
        self,
        fetch: Callable[[], Credential],
        *,
        origin: object = None,
        margin: timedelta = timedelta(seconds=60),
    ) -> None:
        """``origin`` says what is fetched, None means nothing that could be compared.

        ``margin`` is how long before its end a credential is replaced.

        Source: docs/contract/workers.md, "Tokens and kubeconfigs for EKS".
        """
        self._fetch = fetch
        self._origin = origin
        self._margin = margin
        self._lock = threading.Lock()
        self._kept: Credential | None = None

    def current(self) -> Credential:
        """Return the kept credential, or a new one when it is about to end."""
        with self._lock:
            if self._kept is None or self._ends_soon(self._kept):
                self._kept = self._fetch()
            return self._kept

    def renew(self) -> Credential:
        """Fetch a new credential whatever the kept one says."""
        with self._lock:
            self._kept = self._fetch()
            return self._kept

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RenewedCredential) or self._origin is None:
            return self is other
        return self._origin == other._origin

    @override
    def __hash__(self) -> int:
        return hash(RenewedCredential)

    def _ends_soon(self, credential: Credential) -> bool:
        return credential.expires_at is not None and credential.expires_at - self._margin <= datetime.now(UTC)
