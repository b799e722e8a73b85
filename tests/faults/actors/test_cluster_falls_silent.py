"""Given a served cluster, when it stands still or loses its store, then its row says so within 15 s, and recovers.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

from simulated_clusters import SimulatedClusters
from tracking import Heard, Tracking
from waiting import eventually

from platz.actors.messages import AccessDoubted, ClusterDropped, ReachabilityChanged
from platz.config import Role
from platz.kube.reachability import Reachability
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control


def test_a_server_that_stands_still_is_noticed_and_so_is_its_return(tracking: Tracking) -> None:
    tracking.relay.silence()
    assert "does not answer in time" in tracking.falls_ill()
    assert tracking.heard.last_state() is Reachability.SILENT
    tracking.relay.resume()
    tracking.recovers()


def test_a_server_whose_reads_fail_is_noticed_although_its_watches_stand(
    tracking: Tracking, simulated: SimulatedClusters
) -> None:
    with Control.of(simulated.facts).fault(Action.STATUS, cluster="east", verb="get", code=500):
        assert "status 500" in tracking.falls_ill()
        assert tracking.heard.last_state() is Reachability.FAILING
    tracking.recovers()


def test_an_address_that_nobody_answers_is_doubted(tracking: Tracking) -> None:
    tracking.relay.close()
    assert "refuses connections" in tracking.falls_ill()
    eventually(lambda: AccessDoubted(cluster_id=tracking.world.cluster) in tracking.heard.told)


def test_of_a_cluster_that_is_dropped_nothing_bad_is_remembered(tracking: Tracking) -> None:
    tracking.relay.close()
    eventually(lambda: tracking.heard.last_state() is Reachability.SILENT)
    tracking.actor_context.event_bus.remove_sticky(
        tracking.world.cluster, ClusterDropped(cluster_id=tracking.world.cluster, work=Role.TRACK)
    )
    eventually(lambda: tracking.heard.last_state() is Reachability.ANSWERING)
    later = Heard()
    tracking.actor_context.event_bus.subscribe(
        "later",
        later,  # type: ignore[arg-type]
        messages={ReachabilityChanged},
        tables=None,
    )
    assert later.told == []
