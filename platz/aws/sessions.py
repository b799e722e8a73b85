"""The AWS account of the SDK's default credentials, and clients of its services.

Invariant: boto3 is only loaded when the account is first used (it costs 0.3 s and some memory). Every call has
timeouts and a limited number of attempts, and fails with an error of Platz.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from platz.aws.refusals import NO_CREDENTIALS, in_our_words
from platz.errors import Denied

if TYPE_CHECKING:
    from boto3.session import Session


OWN_ACCOUNT = "the process's own account"
SESSION_NAME = "platz"
MAX_CONCURRENT_REQUESTS = 16
"""The threads that may share a client; each needs a connection of its own."""


@dataclass(frozen=True, kw_only=True)
class AwsLimits:
    """The connection timeout and the read timeout in seconds, and the number of attempts of a call."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    attempts: int = 3


@dataclass(frozen=True, kw_only=True)
class AwsCredentials:
    """The credentials that sign requests; temporary ones have a ``token``."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class AwsClient:
    """A client of one service in one region. Thread-safe."""

    def __init__(self, client: Any, *, service: str) -> None:
        """Take boto3's ``client``; its type is Any, because boto3 creates its methods at run time."""
        self._client = client
        self._service = service
        self.region = str(client.meta.region_name)

    def call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """Call an operation by boto3's name for it. Raises `NotFound`, `Denied`, `Rejected`, `Retryable`."""
        with in_our_words(self._service, self.region):
            return cast("Mapping[str, Any]", getattr(self._client, operation)(**parameters))

    def pages(self, operation: str, key: str, **parameters: object) -> Iterator[Any]:
        """Yield the items under ``key`` from all pages of an operation's response.

        Raises `NotFound`, `Denied`, `Rejected`, `Retryable`.
        """
        with in_our_words(self._service, self.region):
            for page in self._client.get_paginator(operation).paginate(**parameters):
                yield from page.get(key, ())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AwsAccount:
    """The account of the SDK's default credentials; it makes the clients. Thread-safe."""

    def __init__(
        self, *, region: str | None = None, endpoint_url: str | None = None, limits: AwsLimits | None = None
    ) -> None:
        """Take the default ``region`` (if None, the one that the SDK finds), and the ``endpoint_url`` of all services.

        ``endpoint_url`` replaces AWS, as AWS_ENDPOINT_URL does.
        """
        self.name = OWN_ACCOUNT
        self._region = region
        self._endpoint_url = endpoint_url
        self._limits = limits or AwsLimits()
        self._lock = threading.Lock()  # boto3 sessions are not thread-safe while they make clients
        self._kept: Session | None = None

    def client(self, service: str, region: str | None = None) -> AwsClient:
        """Make a client for ``region`` or the default region; raise `Rejected` when there is none."""
        from botocore.config import Config

        limits = self._limits
        config = Config(
            connect_timeout=limits.connect_seconds,
            read_timeout=limits.read_seconds,
            max_pool_connections=MAX_CONCURRENT_REQUESTS,
            retries={"mode": "standard", "total_max_attempts": limits.attempts},
        )
        with in_our_words(service, region), self._lock:
            make = cast("Any", self._session()).client  # Any: boto3 has no types
            made = make(service, region_name=region, endpoint_url=self._endpoint_url, config=config)
        return AwsClient(made, service=service)

    def assuming(self, role_arn: str) -> AwsAccount:
        """Return the account of a role, whose credentials are fetched when they are needed, and again before they end.

        No request is sent yet; later calls raise `Denied` when the role may not be assumed.
        """
        return _RoleAccount(
            self, role_arn, region=self._region, endpoint_url=self._endpoint_url, limits=self._limits
        )

    def credentials(self) -> AwsCredentials:
        """Return the present credentials; raise `Denied` when there are none, `Retryable` when fetching them fails."""
        with in_our_words("sts", None), self._lock:
            found = cast("Any", self._session()).get_credentials()  # Any: boto3 has no types
            frozen = found.get_frozen_credentials() if found is not None else None
        if frozen is None:
            raise Denied(NO_CREDENTIALS)
        return AwsCredentials(
            access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token or None
        )

    def _session(self) -> Session:
        if self._kept is None:
            from boto3.session import Session

            self._kept = Session(region_name=self._region)
        return self._kept


class _RoleAccount(AwsAccount):
    """The account of a role that the ``origin``'s credentials may assume."""

    def __init__(
        self,
        origin: AwsAccount,
        role_arn: str,
        *,
        region: str | None,
        endpoint_url: str | None,
        limits: AwsLimits,
    ) -> None:
        super().__init__(region=region, endpoint_url=endpoint_url, limits=limits)
        self._origin = origin
        self.name = role_arn

    @override
    def _session(self) -> Session:
        if self._kept is None:
            from boto3.session import Session
            from botocore.credentials import CredentialResolver
            from botocore.session import Session as CoreSession

            core: Any = CoreSession()  # Any: botocore has no types
            provider = _AssumedRole(self._assumed)
            core.register_component("credential_provider", cast("Any", CredentialResolver)([provider]))
            self._kept = Session(botocore_session=core, region_name=self._region)
        return self._kept

    def _assumed(self) -> Mapping[str, str]:
        """Return fresh credentials as botocore wants them."""
        with closing(self._origin.client("sts")) as sts:
            answer = sts.call("assume_role", RoleArn=self.name, RoleSessionName=SESSION_NAME)
        made = cast("Mapping[str, Any]", answer["Credentials"])
        return {
            "access_key": made["AccessKeyId"],
            "secret_key": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiry_time": made["Expiration"].isoformat(),
        }


class _AssumedRole:
    """A provider of credentials, as botocore asks it; what it gives is renewed 15 minutes before it ends."""

    METHOD = "assume-role"

    def __init__(self, assumed: Callable[[], Mapping[str, str]]) -> None:
        self._assumed = assumed

    def load(self) -> Any:  # Any: botocore has no types
        from botocore.credentials import DeferredRefreshableCredentials

        return cast("Any", DeferredRefreshableCredentials)(self._assumed, self.METHOD)
