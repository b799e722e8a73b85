"""A tracked cluster behind a relay, and what other actors hear about it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from simulated_clusters import SimulatedClusters
from sqlalchemy import text
from tcp_relay import Relay
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.messages import ClusterServed, ReachabilityChanged
from platz.config import Role
from platz.db.schema import k8s_clusters
from platz.db.tables.lease_rows import Lease
from platz.identities import ClusterId, DeploymentId
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.reachability import Reachability
from tests.integration.changes.world import World

SHOWN_SECONDS = 15.0


@dataclass
class Heard:
    """Stands in for the actors that hear about reachability."""

    told: list[object] = field(default_factory=list)

    def tell(self, message: object) -> None:
        self.told.append(message)

    def last_state(self) -> Reachability | None:
        states = [each.state for each in self.told if isinstance(each, ReachabilityChanged)]
        return states[-1] if states else None


@dataclass
class Tracking:
    """A tracked cluster behind a relay."""

    world: World
    relay: Relay
    access: ClusterAccess
    actor_context: ActorContext
    heard: Heard = field(default_factory=Heard)

    def health(self) -> tuple[bool, str | None]:
        row = self.world.stored(k8s_clusters, self.world.cluster)
        return row.is_ok, row.not_ok_reason

    def serve(self, cluster_id: ClusterId | None = None) -> None:
        """Let the tracker watch the cluster (anew) as what the row is for; the world's first one if none is given."""
        cluster_id = cluster_id or self.world.cluster
        served = ClusterServed(
            cluster_id=cluster_id,
            work=Role.TRACK,
            lease=Lease(name="east", epoch=1),
            name="east",
            access=self.access,
        )
        self.actor_context.event_bus.publish_sticky(cluster_id, served)

    def falls_ill(self) -> str:
        """Wait until the row says that the cluster is not well, and return why; check how long that took."""
        began = time.monotonic()
        reason = eventually(lambda: self.health()[1], seconds=SHOWN_SECONDS + 5)
        assert time.monotonic() - began <= SHOWN_SECONDS
        return str(reason)

    def recovers(self) -> None:
        eventually(lambda: self.health() == (True, None), seconds=SHOWN_SECONDS)
        eventually(lambda: self.heard.last_state() is Reachability.ANSWERING, seconds=5)


def shown(tracking: Tracking, deployment_id: DeploymentId) -> dict[str, list[str]]:
    """Return the dots of the deployment's workloads by kind."""
    query = text("select kind, status_color from k8s_resources where deployment_id = :id")
    with tracking.world.database.reading() as connection:
        return {kind: list(colors) for kind, colors in connection.execute(query, {"id": deployment_id})}


def make(simulated: SimulatedClusters, kind: ResourceKind, namespace: str, spec: dict[str, Any]) -> None:
    client = KubeClient(simulated.access["east"])
    document: Any = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "agent"}}
    client.create(kind, {**document, "spec": spec}, namespace=namespace)
    client.abort()
