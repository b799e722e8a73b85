"""Tokens for EKS clusters: presigned STS requests that the cluster sends to learn who presents the token.

Invariant: the presigned request is for STS in the cluster's region, whatever endpoint this process uses for its own
calls, because the cluster accepts no other. Making a token sends no request.

Source: docs/contract/workers.md, "Tokens and kubeconfigs for EKS".
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from platz.aws.partitions import sts_host
from platz.aws.sessions import AwsCredentials

TOKEN_LIFE = timedelta(minutes=14)  # EKS accepts a token for 15 minutes
_SIGNATURE_SECONDS = 60
_PREFIX = "k8s-aws-v1."


@dataclass(frozen=True, kw_only=True)
class EksToken:
    """A bearer token, and the time from which it must not be used any more."""

    token: str = field(repr=False)
    expires_at: datetime


def eks_token(credentials: AwsCredentials, *, cluster: str, region: str) -> EksToken:
    """Make a token for the cluster of this name; it is valid only as long as the credentials are.

    Raises `Rejected` for a region that AWS can't have.
    """
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import ReadOnlyCredentials

    begins = datetime.now(UTC)
    signer = SigV4QueryAuth(
        ReadOnlyCredentials(credentials.access_key, credentials.secret_key, credentials.token),
        "sts",
        region,
        expires=_SIGNATURE_SECONDS,
    )
    request: Any = AWSRequest(  # Any: botocore has no types
        method="GET",
        url=f"https://{sts_host(region)}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": cluster},
    )
    cast("Any", signer).add_auth(request)
    return EksToken(token=_PREFIX + _unpadded(str(request.url)), expires_at=begins + TOKEN_LIFE)


def _unpadded(url: str) -> str:
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
