"""How the clusters that this process serves are reached; written by `ClusterDiscovery`, read by workers."""

from __future__ import annotations

import threading

from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.tasks.context import ClusterNotServed


class ServedClusters:
    """One client for each served cluster, shared by its users; safe from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[ClusterId, KubeClient] = {}

    def put(self, cluster_id: ClusterId, access: ClusterAccess) -> None:
        """Serve a cluster, or reach it in a new way."""
        with self._lock:
            self._clients[cluster_id] = KubeClient(access)

    def remove(self, cluster_id: ClusterId) -> None:
        """Serve it no longer: connections are cut, so that whoever is at work with it stops."""
        with self._lock:
            client = self._clients.pop(cluster_id, None)
        if client is not None:
            client.abort()

    def clear(self) -> None:
        """Serve nothing any more, from this moment: the leases are lost, and others may own the clusters."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.abort()

    def client(self, cluster_id: ClusterId) -> KubeClient:
        """The client of a cluster; raise `ClusterNotServed`."""
        with self._lock:
            client = self._clients.get(cluster_id)
        if client is None:
            raise ClusterNotServed
        return client
