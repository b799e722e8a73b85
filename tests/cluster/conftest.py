"""The cluster of the conformance tests."""

from __future__ import annotations

from any_cluster import cluster_api, cluster_namespace, simulated

__all__ = ["cluster_api", "cluster_namespace", "simulated"]
