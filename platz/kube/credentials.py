"""The credentials that Platz shows to a cluster, renewed before they expire.

Invariant: the text of a token or a key never appears in a repr, so no log line can hold it by accident.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from typing_extensions import override

from platz.errors import Retryable
from platz.kube.errors import KubeUnreachable

GOOD_FOR = timedelta(minutes=3)
"""How long a token must still be good to be handed on: Helm's client reads it again only every minute."""


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """A certificate with its private key, both in PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A bearer token, a client certificate, both or nothing; ``expires_at`` None means never."""

    token: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = None
    expires_at: datetime | None = None


class CredentialSource(Protocol):
    """Where the credential of a cluster comes from."""

    def current(self) -> Credential:
        """Return a credential that is good for the next request."""
        ...

    def renew(self) -> Credential:
        """Return a new credential, because the present one was refused or the new one must last long."""
        ...


@dataclass(frozen=True, kw_only=True)
class FixedCredential:
    """A credential that never changes, such as a token in a kubeconfig."""

    credential: Credential

    def current(self) -> Credential:
        """Return the only credential there is."""
        return self.credential

    def renew(self) -> Credential:
        """Return the only credential there is."""
        return self.credential


class RenewedCredential:
    """Keeps the credential that ``fetch`` returned until shortly before it expires; safe to use from many threads.

    Two sources of equal origin are equal, so reading an unchanged kubeconfig again is no change.
    """

    def __init__(
        self,
        fetch: Callable[[], Credential],
        *,
        origin: object = None,
        margin: timedelta = timedelta(seconds=60),
    ) -> None:
        """``origin`` identifies what is fetched; with None the source equals only itself.

        ``margin`` is how long before its expiry a credential is replaced.

        Source: docs/contract/workers.md, "Tokens and kubeconfigs for EKS".
        """
        self._fetch = fetch
        self._origin = origin
        self._margin = margin
        self._lock = threading.Lock()
        self._kept: Credential | None = None

    def current(self) -> Credential:
        """Return the kept credential, or a new one when it is about to expire."""
        with self._lock:
            if self._kept is None or self._ends_soon(self._kept):
                self._kept = self._fetched()
            return self._kept

    def renew(self) -> Credential:
        """Fetch a new credential even if the kept one has not expired."""
        with self._lock:
            self._kept = self._fetched()
            return self._kept

    def _fetched(self) -> Credential:
        """Fetch; without a credential the cluster is as unreachable as without a connection."""
        try:
            return self._fetch()
        except KubeUnreachable:
            raise
        except Retryable as error:
            raise KubeUnreachable(error.message, never_started=True) from error

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


def successors_of_token(source: CredentialSource) -> Callable[[], str | None] | None:
    """Return a function that returns a token for the next minutes; None if the present one lasts for ever."""
    if source.current().expires_at is None:
        return None

    def fresh_token() -> str | None:
        credential = source.current()
        ends = credential.expires_at
        if ends is not None and ends - GOOD_FOR <= datetime.now(UTC):
            credential = source.renew()
        return credential.token

    return fresh_token
