"""The EKS clusters of an account, in all regions that are enabled for it.

Invariant: a region or cluster that can't be read does not hide the others. It is reported as a failure, so that
callers do not take an unread cluster for a deleted one.

Source: docs/contract/workers.md, "Clusters of EKS".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any, TypeVar

from platz.aws.sessions import MAX_CONCURRENT_REQUESTS, AwsAccount, AwsClient
from platz.errors import NotFound, PlatzError, Rejected

WORKING = frozenset({"ACTIVE", "UPDATING"})
"""The statuses of clusters that answer as usual."""

Given = TypeVar("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class EksCluster:
    """A cluster that has an endpoint; ``ca`` is its certificate authority in PEM."""

    name: str
    arn: str
    region: str
    endpoint: str
    ca: bytes


@dataclass(frozen=True, kw_only=True)
class EksSearch:
    """The clusters that a search found, and a sentence for each region or cluster that it could not read, and for each
    cluster that AWS does not run properly.
    """

    clusters: tuple[EksCluster, ...]
    failures: tuple[str, ...]


def find_clusters(account: AwsAccount) -> EksSearch:
    """Search every region that is enabled for the account.

    Raises `NotFound`, `Denied`, `Rejected` or `Retryable` only when the regions can't be listed.
    """
    failures: list[str] = []
    with (
        ExitStack() as stack,
        ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS, thread_name_prefix="eks") as threads,
    ):
        clients = [account.client("eks", region) for region in _regions(account)]
        for client in clients:
            stack.callback(client.close)
        named = _each(threads, _named, clients, failures)
        described = _each(threads, lambda each: _describe(*each), named, failures)
    failures += [trouble for _cluster, trouble in described if trouble]
    clusters = sorted(
        (cluster for cluster, _trouble in described if cluster), key=lambda cluster: cluster.arn
    )
    return EksSearch(clusters=tuple(clusters), failures=tuple(sorted(failures)))


def _regions(account: AwsAccount) -> list[str]:
    with closing(account.client("ec2")) as client:
        return [str(region["RegionName"]) for region in client.call("describe_regions")["Regions"]]


def _named(client: AwsClient) -> list[tuple[AwsClient, str]]:
    return [(client, str(name)) for name in client.pages("list_clusters", "clusters")]


def _describe(client: AwsClient, name: str) -> list[tuple[EksCluster | None, str | None]]:
    """Return the cluster if it can be reached, and a sentence if something is wrong with it; nothing if it is gone."""
    place = f"Cluster {name} in {client.region}"
    try:
        described: dict[str, Any] = client.call("describe_cluster", name=name)["cluster"]
        trouble = _trouble(described)
        if not described.get("endpoint"):
            return [(None, f"{place} has no endpoint: {trouble or 'AWS tells no reason.'}")]
        return [(_cluster(described), f"{place}: {trouble}" if trouble else None)]
    except NotFound:
        return []  # it was deleted after it was listed
    except PlatzError as error:
        raise type(error)(f"{place}: {error.message}") from error


def _trouble(described: dict[str, Any]) -> str | None:
    """Return what AWS says is wrong with a cluster; None for one that works, also while it is updated."""
    status = str(described.get("status"))
    issues = [str(issue.get("message")) for issue in described.get("health", {}).get("issues", ())]
    if status in WORKING and not issues:
        return None
    return " ".join([f"its status is {status}.", *issues])


def _each(
    threads: ThreadPoolExecutor,
    look: Callable[[Given], list[Found]],
    places: Iterable[Given],
    failures: list[str],
) -> list[Found]:
    """Call ``look`` for all places concurrently; add the messages of failed calls to ``failures``."""
    found: list[Found] = []
    for future in [threads.submit(look, place) for place in places]:
        try:
            found += future.result()
        except PlatzError as error:
            failures.append(error.message)
    return found


def _cluster(described: dict[str, Any]) -> EksCluster:
    """Read a description that has an endpoint; raise `Rejected` for one without a usable certificate authority."""
    match described:
        case {
            "name": str(name),
            "arn": str(arn),
            "endpoint": str(endpoint),
            "certificateAuthority": {"data": str(data)},
        }:
            region = arn.split(":")[3]
            return EksCluster(name=name, arn=arn, region=region, endpoint=endpoint, ca=_decoded(data))
        case _:
            raise Rejected("Its description has no certificate authority.")


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise Rejected("Its certificate authority is not base64.") from error
