"""The kubeconfig that lets kubectl, Helm and Platz reach the simulated clusters.

Invariant: the kubeconfig refers to no other file, and only its owner may read it.
Source: Kubernetes "Organizing Cluster Access Using kubeconfig Files".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from platz_sandbox.kubernetes.certificates import write_private


@dataclass(frozen=True, kw_only=True)
class Access:
    """The address and the bearer token of one cluster."""

    server: str
    token: str


def write_kubeconfig(path: Path, clusters: Mapping[str, Access], authority: bytes) -> None:
    """Write a kubeconfig with one context for each cluster; the first one is current. (JSON is YAML.)"""
    ca = base64.b64encode(authority).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(clusters), ""),
        "clusters": [
            {"name": name, "cluster": {"server": access.server, "certificate-authority-data": ca}}
            for name, access in clusters.items()
        ],
        "users": [{"name": name, "user": {"token": access.token}} for name, access in clusters.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in clusters],
    }
    write_private(path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
