"""The clients of the clusters that this process serves; `ClusterDiscovery` writes them, workers read them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from platz.config import Role
from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.tasks.context import ClusterNotServed

CLUSTER_WORK = (Role.DEPLOY, Role.TRACK, Role.CREDENTIALS)
"""The roles whose work in a cluster is done by one process."""


class ServedClusters:
    """One shared client for each served cluster; safe to use from every thread.

    No client is given out when ``may_work`` says that the leases have run out, even if nobody has noticed yet.
    """

    def __init__(
        self, may_work: Callable[[], bool] = lambda: True, *, roles: Collection[Role] = CLUSTER_WORK
    ) -> None:
        """Take ``roles``, those of this process."""
        self.works = tuple(work for work in CLUSTER_WORK if work in roles)
        self._may_work = may_work
        self._lock = threading.Lock()
        self._clients: dict[ClusterId, KubeClient] = {}

    def put(self, cluster_id: ClusterId, access: ClusterAccess) -> None:
        """Add a cluster, or replace the way in which it is reached."""
        with self._lock:
            self._clients[cluster_id] = KubeClient(access)

    def remove(self, cluster_id: ClusterId) -> None:
        """Remove a cluster and cut its connections, so that running work with it stops."""
        with self._lock:
            client = self._clients.pop(cluster_id, None)
        if client is not None:
            client.abort()

    def clear(self) -> None:
        """Remove all clusters at once, because the leases are lost and other processes may own the clusters now."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.abort()

    def api_servers(self) -> frozenset[str]:
        """Return the URLs of the clusters' API servers."""
        with self._lock:
            return frozenset(client.access.server for client in self._clients.values())

    def client(self, cluster_id: ClusterId) -> KubeClient:
        """Return the client of a cluster; raise `ClusterNotServed`."""
        with self._lock:
            client = self._clients.get(cluster_id)
        if client is None or not self._may_work():
            raise ClusterNotServed
        return client
