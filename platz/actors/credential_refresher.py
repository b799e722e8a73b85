"""The credential refresher: it renews the secret `platz-creds` of every enabled deployment.

owns   the times at which each served cluster's credentials are refreshed, and the threads that refresh them
hears  `ClusterServed`, `ClusterDropped`, tick
tells  nobody
never  stops at one deployment that fails, or waits for a cluster on its own thread

Source: docs/contract/workers.md, "Credentials of deployments".
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from typing_extensions import override

from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import ClusterDropped, ClusterServed, Tick
from platz.config import Role
from platz.db.database import Database
from platz.errors import PlatzError
from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.observation.credential_refresh import refresh_cluster
from platz.observation.deployment_credentials import Credentials

MAX_CONCURRENT_CLUSTERS = 4


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """The refresh of a cluster's credentials ended, successfully or not."""

    cluster_id: ClusterId


class CredentialRefresher(Actor):
    """An actor that refreshes each cluster's credentials when the cluster is served, and then periodically."""

    hears = frozenset({ClusterServed, ClusterDropped})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        database: Database,
        kube: Callable[[ClusterId], KubeClient],
        credentials: Credentials,
        every_seconds: float,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._database = database
        self._kube = kube
        self._credentials = credentials
        self._every_seconds = every_seconds
        self._served: set[ClusterId] = set()
        self._under_way: set[ClusterId] = set()
        self._threads = ThreadPoolExecutor(MAX_CONCURRENT_CLUSTERS, thread_name_prefix="credentials")

    @override
    def on_started(self) -> None:
        self.every(Tick(name="refresh"), seconds=self._every_seconds)

    @override
    def handle(self, message: object) -> None:
        match message:
            case ClusterServed(cluster_id=cluster_id, work=Role.CREDENTIALS):
                self._served.add(cluster_id)
                self._begin(cluster_id)
            case ClusterDropped(cluster_id=cluster_id, work=Role.CREDENTIALS):
                self._served.discard(cluster_id)
                self._under_way.discard(cluster_id)  # its connections are cut
            case ClusterServed() | ClusterDropped():
                pass  # other work
            case Tick():
                for cluster_id in self._served:
                    self._begin(cluster_id)
            case Refreshed(cluster_id=cluster_id):
                self._under_way.discard(cluster_id)
            case _:
                super().handle(message)

    @override
    def on_stopped(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @override
    def describe(self) -> str:
        return f"{len(self._served)} clusters are kept fresh"

    def _begin(self, cluster_id: ClusterId) -> None:
        """Start a refresh, unless the cluster's last one still runs: a hung cluster must not fill the queue."""
        if cluster_id not in self._under_way:
            self._under_way.add(cluster_id)
            self.submit(self._threads, self._refresh, cluster_id)

    def _refresh(self, cluster_id: ClusterId) -> None:
        try:
            outcome = refresh_cluster(self._database, self._kube(cluster_id), cluster_id, self._credentials)
        except PlatzError as error:
            self.log.warning("Credentials were not refreshed", action="refresh", reason=error.message)
        else:
            self.log.info("Refreshed credentials", action="refresh", cluster_id=str(cluster_id), **outcome)
        self.tell_self(Refreshed(cluster_id=cluster_id))
