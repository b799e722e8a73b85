"""All that is needed to reach one cluster, and the kubeconfig for Helm made from it.

Invariant: a kubeconfig made here is minimal and self-contained: one context, no references to files, no plugin,
a token fetched for it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from platz.json import JsonObject
from platz.kube.cluster_identity import ClusterIdentity
from platz.kube.credentials import Credential, CredentialSource


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """Address, trust and credentials of a cluster's API server.

    ``ca`` is PEM, None means the system's trust store; ``identity`` says whose credentials these are.
    """

    name: str
    server: str
    credentials: CredentialSource = field(repr=False)
    ca: bytes | None = None
    verify: bool = True
    tls_server_name: str | None = None
    proxy_url: str | None = None
    identity: ClusterIdentity | None = field(default=None, compare=False)


def as_kubeconfig(access: ClusterAccess) -> JsonObject:
    """Return the kubeconfig document for a Helm child, with a newly fetched token."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "default",
        "contexts": [{"name": "default", "context": {"cluster": access.name, "user": "user"}}],
        "clusters": [{"name": access.name, "cluster": _cluster_entry(access)}],
        "users": [{"name": "user", "user": _user_entry(access.credentials.renew())}],
    }


def _cluster_entry(access: ClusterAccess) -> JsonObject:
    entry: JsonObject = {"server": access.server}
    if not access.verify:
        entry["insecure-skip-tls-verify"] = True
    elif access.ca is not None:
        entry["certificate-authority-data"] = _base64(access.ca)
    if access.tls_server_name:
        entry["tls-server-name"] = access.tls_server_name
    if access.proxy_url:
        entry["proxy-url"] = access.proxy_url
    return entry


def _user_entry(credential: Credential) -> JsonObject:
    entry: JsonObject = {}
    if credential.token is not None:
        entry["token"] = credential.token
    if credential.certificate is not None:
        entry["client-certificate-data"] = _base64(credential.certificate.certificate)
        entry["client-key-data"] = _base64(credential.certificate.key)
    return entry


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
