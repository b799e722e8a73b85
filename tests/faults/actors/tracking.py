"""A tracked cluster behind a relay, and what other actors hear about it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tcp_relay import Relay
from waiting import eventually

from platz.actors.actor import ActorContext
from platz.actors.messages import ClusterServed, ReachabilityChanged
from platz.db.schema import k8s_clusters
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

    def serve(self) -> None:
        served = ClusterServed(cluster_id=self.world.cluster, name="east", access=self.access)
        self.actor_context.event_bus.publish_sticky(self.world.cluster, served)

    def falls_ill(self) -> str:
        """Wait until the row says that the cluster is not well, and return why; check how long that took."""
        began = time.monotonic()
        reason = eventually(lambda: self.health()[1], seconds=SHOWN_SECONDS + 5)
        assert time.monotonic() - began <= SHOWN_SECONDS
        return str(reason)

    def recovers(self) -> None:
        eventually(lambda: self.health() == (True, None), seconds=SHOWN_SECONDS)
        eventually(lambda: self.heard.last_state() is Reachability.ANSWERING, seconds=5)
