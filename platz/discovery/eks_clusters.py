"""The search for EKS clusters in one or several AWS accounts.

Invariant: an account that can't be searched hides no other, and a cluster is reached with the credentials of the
account in which it was found.

Source: docs/contract/workers.md, "Clusters of EKS", "Tokens and kubeconfigs for EKS".
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from typing_extensions import override

from platz.aws.caller import caller_arn
from platz.aws.eks import EksCluster, find_clusters
from platz.aws.eks_token import eks_token
from platz.aws.sessions import AwsAccount
from platz.discovery.cluster_source import ClusterSource
from platz.discovery.findings import FoundCluster
from platz.errors import PlatzError
from platz.kube.cluster_access import ClusterAccess
from platz.kube.cluster_identity import ClusterIdentity, eks_identity
from platz.kube.credentials import Credential, RenewedCredential

ACCOUNTS_AT_ONCE = 4

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class EksSource(ClusterSource):
    """The clusters of the account to which the SDK's credentials belong, and of other ``accounts``."""

    def __init__(self, *accounts: AwsAccount) -> None:
        """Take at least one account; of a cluster that several accounts show, the access by the last one counts."""
        self._accounts = [_AccountClusters(account) for account in accounts]

    @override
    def search(self) -> Sequence[FoundCluster]:
        """Return the clusters that can be read, and log the accounts, regions and clusters that can't.

        Raises `NotFound`, `Denied`, `Rejected` or `Retryable` only when no account can be searched.
        """
        found: dict[str, FoundCluster] = {}
        failures: list[PlatzError] = []
        with ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="eks-account") as threads:
            searches = [threads.submit(account.search) for account in self._accounts]
        for account, search in zip(self._accounts, searches, strict=True):
            try:
                found |= {cluster.provider_id: cluster for cluster in search.result()}
            except PlatzError as error:
                failures.append(error)
                self._tell(account, error)
        if len(failures) == len(self._accounts):
            raise failures[0]
        return list(found.values())

    def _tell(self, account: _AccountClusters, error: PlatzError) -> None:
        if len(self._accounts) > 1:
            log.warning(
                "An account could not be searched",
                action="search",
                account=account.name,
                reason=error.message,
            )


class _AccountClusters:
    """The clusters of one account.

    A cluster keeps its token source from search to search, so that an unchanged cluster compares equal.
    """

    def __init__(self, account: AwsAccount) -> None:
        self.name = account.name
        self._account = account
        self._tokens: dict[str, RenewedCredential] = {}
        self._known_caller: str | None = None

    def search(self) -> Sequence[FoundCluster]:
        """Return the clusters that can be read, and log the others; raise when the regions can't be listed."""
        search = find_clusters(self._account)
        for failure in search.failures:
            log.warning(
                "Part of the account could not be searched",
                action="search",
                account=self.name,
                reason=failure,
            )
        identity = eks_identity(self._caller())
        return [self._found(cluster, identity) for cluster in search.clusters]

    def _caller(self) -> str | None:
        """Return who the account's credentials belong to, asked once."""
        if self._known_caller is None:
            self._known_caller = caller_arn(self._account)
        return self._known_caller

    def _found(self, cluster: EksCluster, identity: ClusterIdentity) -> FoundCluster:
        access = ClusterAccess(
            name=cluster.name,
            server=cluster.endpoint,
            credentials=self._tokens.setdefault(cluster.arn, RenewedCredential(self._fetching(cluster))),
            ca=cluster.ca,
            identity=identity,
        )
        return FoundCluster(
            provider_id=cluster.arn, name=cluster.name, region_name=cluster.region, access=access
        )

    def _fetching(self, cluster: EksCluster) -> partial[Credential]:
        return partial(_credential, self._account, cluster.name, cluster.region)


def _credential(account: AwsAccount, cluster: str, region: str) -> Credential:
    made = eks_token(account.credentials(), cluster=cluster, region=region)
    return Credential(token=made.token, expires_at=made.expires_at)
