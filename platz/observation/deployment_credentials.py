"""The secret `platz-creds`, whose access token a deployment uses to call Platz.

Source: docs/contract/workers.md, "Credentials of deployments".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platz.access.tokens.issuer import Tokens
from platz.identities import Deployment, DeploymentId
from platz.kube.client import KubeClient
from platz.kube.secret_objects import apply_secret

SECRET_NAME = "platz-creds"  # noqa: S105 - a name


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The parameters of credentials; ``own_url`` is normalised (a bare origin ends with a slash)."""

    tokens: Tokens
    own_url: str
    lifetime: timedelta


def write_credentials(
    client: KubeClient, *, namespace: str, deployment_id: DeploymentId, credentials: Credentials
) -> None:
    """Write a fresh secret into the deployment's namespace; raise the errors of `apply_secret`."""
    token = credentials.tokens.issue(Deployment(id=deployment_id), credentials.lifetime, datetime.now(UTC))
    texts = {
        "access_token": token.text,
        "server_url": credentials.own_url,
        "expires_at": token.expires_at.isoformat(timespec="seconds"),
    }
    apply_secret(client, namespace=namespace, name=SECRET_NAME, texts=texts)
