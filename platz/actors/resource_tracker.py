"""The resource tracker: it watches the served clusters and records what happens in them.

owns   the watches of every served cluster, the threads that write to the database, and those that look at namespaces
hears  `ClusterServed`, `ClusterDropped`, `TaskFinished` (a removal may be complete), tick
tells  `ReachabilityChanged` (sticky), `AccessDoubted`; workloads go to `k8s_resources`, health to `k8s_clusters`, ended
       removals and lost namespaces to `deployments`
never  waits for a cluster on its own thread, so that one cluster's trouble does not hold up another's events

Events are applied to a view in memory. While a batch of a cluster is being written, later changes gather in the next
one, so a storm of events becomes a few statements.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from typing_extensions import override

from platz import metrics
from platz.actors.actor import Actor, ActorContext
from platz.actors.cluster_watches import ClusterWatches
from platz.actors.messages import (
    AccessDoubted,
    ClusterDropped,
    ClusterServed,
    ReachabilityChanged,
    TaskFinished,
    Tick,
    WorkerFailed,
)
from platz.config import Role
from platz.db.database import Database
from platz.db.tables import clusters
from platz.errors import PlatzError, Retryable
from platz.identities import ClusterId, DeploymentId
from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.reachability import Reachability, ReachabilityReport
from platz.kube.watch_specs import (
    WATCH_SPECS,
    Changes,
    Snapshot,
    WatchEvent,
    WatchFailed,
    WatchHealthy,
    WatchSpec,
)
from platz.observation.cluster_view import Batch, ClusterView
from platz.observation.finished_removals import finish_removals
from platz.observation.namespace_health import look_at_namespaces

WRITERS = 4
LOOKERS = 8
"""How many clusters' namespaces are looked at at once: a look waits for its cluster, so it takes no writer."""
LOOK_SECONDS = 60.0
REWRITE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class WatchBatch:
    """An event of one watch; it is ignored if ``watches`` has been replaced since."""

    cluster_id: ClusterId
    watches: ClusterWatches
    watched: WatchSpec
    event: WatchEvent


@dataclass(frozen=True, kw_only=True)
class ClusterProbed:
    """A report of a cluster's probe; it is ignored if ``watches`` has been replaced since."""

    cluster_id: ClusterId
    watches: ClusterWatches
    report: ReachabilityReport


@dataclass(frozen=True, kw_only=True)
class BatchWritten:
    """The write of a cluster's batch ended; ``failed`` is the batch if it could not be written."""

    cluster_id: ClusterId
    failed: Batch | None


@dataclass(frozen=True, kw_only=True)
class NamespacesLooked:
    """A look at the namespaces of a cluster's deployments ended."""

    cluster_id: ClusterId


@dataclass(kw_only=True)
class Tracked:
    """A tracked cluster: its watches and their health, and the writes and checks that are under way for it.

    ``unreachable`` is why tasks can't work on it now, None if they can, or if that is not known yet.
    """

    name: str
    watches: ClusterWatches
    view: ClusterView
    failed: dict[WatchSpec, str] = field(default_factory=dict[WatchSpec, str])
    healthy: set[WatchSpec] = field(default_factory=set[WatchSpec])
    unreachable: str | None = None
    told_health: tuple[bool, str | None] | None = None
    writing: bool = False
    looking: bool = False
    look_again: bool = False


class ResourceTracker(Actor):
    """An actor that keeps the database up to date with what the clusters' watches report."""

    hears = frozenset({ClusterServed, ClusterDropped, TaskFinished})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        database: Database,
        kube: Callable[[ClusterId], KubeClient],
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._database = database
        self._kube = kube
        self._tracked: dict[ClusterId, Tracked] = {}
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="tracker")
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="tracker-look")

    @override
    def on_started(self) -> None:
        self.every(Tick(name="look"), seconds=LOOK_SECONDS)

    @override
    def catch_up(self) -> None:
        for cluster_id, tracked in self._tracked.items():
            self._tell_health(cluster_id, tracked)
            self._look_at_namespaces(cluster_id)

    @override
    def handle(self, message: object) -> None:
        match message:
            case WatchBatch():
                message.watches.handled()
                self._take_event(message)
            case ClusterProbed():
                self._take_report(message)
            case ClusterServed(work=Role.TRACK):
                self._track(message)
            case ClusterDropped(cluster_id=cluster_id, work=Role.TRACK):
                self._untrack(cluster_id)
                self._tell_reachability(cluster_id, None)
            case ClusterServed() | ClusterDropped():
                pass  # other work
            case TaskFinished(cluster_id=cluster_id):
                self._look_at_namespaces(cluster_id)
            case Tick():
                self.catch_up()
            case BatchWritten():
                self._written(message)
            case NamespacesLooked(cluster_id=cluster_id):
                self._looked(cluster_id)
            case _:
                super().handle(message)

    @override
    def on_stopped(self) -> None:
        for cluster_id in list(self._tracked):
            self._untrack(cluster_id)
        for threads in (self._writers, self._lookers):
            threads.shutdown(wait=False, cancel_futures=True)

    @override
    def describe(self) -> str:
        names = (
            f"{each.name} ({len(each.healthy)} of {len(WATCH_SPECS)} watches)"
            for each in self._tracked.values()
        )
        return "watching " + (", ".join(names) or "nothing")

    def _track(self, served: ClusterServed) -> None:
        self._untrack(served.cluster_id)

        def tell(watched: WatchSpec, event: WatchEvent) -> None:
            batch = WatchBatch(cluster_id=served.cluster_id, watches=watches, watched=watched, event=event)
            self.tell_self(batch)

        def tell_reachability(report: ReachabilityReport) -> None:
            self.tell_self(ClusterProbed(cluster_id=served.cluster_id, watches=watches, report=report))

        watches = ClusterWatches(
            access=served.access,
            tell=tell,
            tell_reachability=tell_reachability,
            failed=self._watch_ended,
        )
        view = ClusterView(cluster_id=served.cluster_id)
        self._tracked[served.cluster_id] = Tracked(name=served.name, watches=watches, view=view)
        watches.start()

    def _watch_ended(self, error: BaseException) -> None:
        self.tell_self(WorkerFailed(error=error))

    def _untrack(self, cluster_id: ClusterId) -> None:
        tracked = self._tracked.pop(cluster_id, None)
        if tracked is not None:
            tracked.watches.stop()

    def _take_event(self, batch: WatchBatch) -> None:
        tracked = self._tracked.get(batch.cluster_id)
        if tracked is None or tracked.watches is not batch.watches:
            return
        self._count(tracked, batch)
        match batch.event:
            case Snapshot() | Changes() as event:
                if tracked.view.apply(batch.watched.resource, event) and batch.watched.resource == NAMESPACE:
                    self._look_at_namespaces(batch.cluster_id)
                self._write(batch.cluster_id)
            case WatchHealthy():
                self._settle(batch, tracked)
            case WatchFailed(refused=True, reason=reason) if batch.watched.optional:
                self.log.info("A kind can't be watched", action="watch", cluster=tracked.name, reason=reason)
                self._settle(batch, tracked)
            case WatchFailed(reason=reason, doubts_access=doubts_access):
                tracked.healthy.discard(batch.watched)
                tracked.failed[batch.watched] = reason
                self._tell_health(batch.cluster_id, tracked)
                if doubts_access:
                    self.publish(AccessDoubted(cluster_id=batch.cluster_id))

    def _settle(self, batch: WatchBatch, tracked: Tracked) -> None:
        """Record that a watch stands, or that its cluster is well without it."""
        tracked.failed.pop(batch.watched, None)
        tracked.healthy.add(batch.watched)
        self._tell_health(batch.cluster_id, tracked)

    def _take_report(self, probed: ClusterProbed) -> None:
        tracked = self._tracked.get(probed.cluster_id)
        if tracked is None or tracked.watches is not probed.watches:
            return
        report = probed.report
        self._tell_reachability(probed.cluster_id, report.state)
        if report.state is not Reachability.LATE:
            tracked.unreachable = report.reason
            self._tell_health(probed.cluster_id, tracked)
        if report.doubts_access:
            self.publish(AccessDoubted(cluster_id=probed.cluster_id))

    def _tell_reachability(self, cluster_id: ClusterId, state: Reachability | None) -> None:
        """Publish the state for present and later runners; None for a cluster that is no longer tracked."""
        key = (ReachabilityChanged, cluster_id)
        present = ReachabilityChanged(cluster_id=cluster_id, state=state or Reachability.ANSWERING)
        if state is None:
            self.remove_sticky(key, present)
        else:
            self.publish_sticky(key, present)

    def _count(self, tracked: Tracked, batch: WatchBatch) -> None:
        labels = (tracked.name, batch.watched.resource.kind)
        match batch.event:
            case Snapshot(objects=objects):
                metrics.watch_events.labels(*labels).inc(len(objects))
            case Changes(changes=changes):
                metrics.watch_events.labels(*labels).inc(len(changes))
            case WatchHealthy():
                metrics.watch_healthy.labels(*labels).set(1)
            case WatchFailed():
                metrics.watch_healthy.labels(*labels).set(0)
                metrics.watch_failures.labels(*labels).inc()

    def _tell_health(self, cluster_id: ClusterId, tracked: Tracked) -> None:
        """Record that a cluster is healthy once all its watches are, or the reason as soon as anything fails."""
        reason = tracked.unreachable or next(iter(tracked.failed.values()), None)
        if reason is None and len(tracked.healthy) < len(WATCH_SPECS):
            return
        health = (reason is None, reason)
        if health == tracked.told_health:
            return
        is_ok = reason is None
        with self._database.transaction() as connection:
            clusters.set_health(connection, cluster_id, is_ok=is_ok, reason=reason)
        tracked.told_health = health
        log = self.log.info if is_ok else self.log.warning
        log(
            "A cluster is well" if is_ok else "A cluster is not well",
            action="watch",
            cluster=tracked.name,
            reason=reason,
        )

    def _write(self, cluster_id: ClusterId) -> None:
        tracked = self._tracked.get(cluster_id)
        if tracked is None or tracked.writing:
            return
        batch = tracked.view.take_batch()
        if batch is not None:
            tracked.writing = True
            self.submit(self._writers, self._write_batch, batch)

    def _write_batch(self, batch: Batch) -> None:
        try:
            with self._database.transaction() as connection:
                batch.write(connection)
        except Retryable as error:
            self.log.warning("Workloads could not be written", action="wait", reason=error.message)
            self.after(BatchWritten(cluster_id=batch.cluster_id, failed=batch), seconds=REWRITE_SECONDS)
        else:
            self.tell_self(BatchWritten(cluster_id=batch.cluster_id, failed=None))

    def _written(self, written: BatchWritten) -> None:
        tracked = self._tracked.get(written.cluster_id)
        if tracked is None:
            return
        tracked.writing = False
        if written.failed is not None:
            tracked.view.put_back(written.failed)
        self._write(written.cluster_id)

    def _look_at_namespaces(self, cluster_id: ClusterId) -> None:
        tracked = self._tracked.get(cluster_id)
        if tracked is None:
            return
        if tracked.looking:
            tracked.look_again = True
            return
        tracked.looking = True
        self.submit(self._lookers, self._look_in_cluster, cluster_id, tracked.view.present_namespaces())

    def _look_in_cluster(self, cluster_id: ClusterId, present: dict[str, DeploymentId] | None) -> None:
        try:
            client = self._kube(cluster_id)
            if present is not None:
                look_at_namespaces(self._database, client, cluster_id, present)
            for deployment_id in finish_removals(self._database, client, cluster_id):
                self.log.info("A removal is complete", action="remove", deployment_id=str(deployment_id))
        except PlatzError as error:
            self.log.warning("Namespaces could not be looked at", action="wait", reason=error.message)
        self.tell_self(NamespacesLooked(cluster_id=cluster_id))

    def _looked(self, cluster_id: ClusterId) -> None:
        tracked = self._tracked.get(cluster_id)
        if tracked is None:
            return
        tracked.looking = False
        if tracked.look_again:
            tracked.look_again = False
            self._look_at_namespaces(cluster_id)
