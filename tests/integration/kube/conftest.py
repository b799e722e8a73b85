"""Simulated clusters, and TLS servers that answer as one."""

from __future__ import annotations

from simulated_clusters import east, namespace, simulated
from tls_server import authority, serve

__all__ = ["authority", "east", "namespace", "serve", "simulated"]
