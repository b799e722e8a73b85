"""Cluster discovery: it finds clusters, and decides which of them this process serves.

owns   the search for clusters, the choice of those that this process serves, and their leases; the end of tasks that an
       ignored cluster's runner left
hears  tick, `RowChanged` of clusters, `LeaseLost`, `AccessDoubted`, `ReachabilityChanged`
tells  `ClusterServed` (sticky: later subscribers receive it, too), `ClusterDropped`
never  talks to a cluster, or forgets one because a search failed

A cluster is served when a search has found it, its row does not say `ignore`, and this process holds one of its leases.
There is one for each kind of work, and a process takes those of its roles, so processes with different roles do not
keep each other from working. PostgreSQL grants the leases, so two processes never do the same work in one cluster. As a
rule one process has all leases of a cluster: another one takes only what that one has left over for some time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from typing_extensions import override

from platz import boot_clock
from platz.actors.actor import Actor, ActorContext
from platz.actors.messages import (
    AccessDoubted,
    ClusterDropped,
    ClusterServed,
    ClustersFound,
    LeaseLost,
    ReachabilityChanged,
    RowChanged,
    SearchFailed,
    Tick,
)
from platz.actors.served_clusters import ServedClusters
from platz.actors.timers import Timer
from platz.backoff import Backoff, jittered
from platz.config import Role
from platz.db import schema, task_queue
from platz.db.database import Database
from platz.db.leases import LeaseKeeper, cluster_lease
from platz.db.tables import clusters
from platz.db.tables.clusters import ClusterSummary
from platz.discovery.cluster_records import FoundCluster, record_clusters
from platz.discovery.cluster_source import ClusterSource
from platz.errors import PlatzError, Retryable
from platz.identities import ClusterId
from platz.kube.reachability import Reachability
from platz.tasks.abandoned import end_tasks_of_ignored

DOUBTS = Backoff(first=1.0, limit=30.0)
"""The pauses between searches for clusters whose access is in doubt."""
LEASE_SECONDS = 3.0
LEFT_OVER_SECONDS = 10.0
SEARCH_AGAIN_SECONDS = 60.0
SEARCH = Tick(name="search")
LEASES = Tick(name="leases")
DOUBT = Tick(name="doubt")


class ClusterDiscovery(Actor):
    """An actor that serves the clusters which were found, are not ignored, and whose leases it gets."""

    hears = frozenset({RowChanged, LeaseLost, AccessDoubted, ReachabilityChanged})
    tables = frozenset({schema.k8s_clusters.name})

    def __init__(
        self,
        *,
        name: str,
        generation: int,
        actor_context: ActorContext,
        database: Database,
        source: ClusterSource,
        leases: LeaseKeeper,
        served: ServedClusters,
        every_seconds: float,
    ) -> None:
        super().__init__(name=name, generation=generation, actor_context=actor_context)
        self._database = database
        self._source = source
        self._leases = leases
        self._clients = served
        self._every_seconds = every_seconds
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="cluster-search")
        self._found: dict[str, FoundCluster] = {}
        self._served: dict[tuple[ClusterId, Role], FoundCluster] = {}
        self._free_since: dict[tuple[ClusterId, Role], float] = {}
        self._unrecorded: tuple[FoundCluster, ...] = ()
        self._unmarked: dict[str, str] = {}
        self._searching = False
        self._search_again: Timer | None = None
        self._doubted: set[ClusterId] = set()
        self._doubts = 0
        self._doubt_pause: Timer | None = None

    @override
    def on_started(self) -> None:
        self.every(SEARCH, seconds=self._every_seconds, first=0)
        self.every(LEASES, seconds=LEASE_SECONDS)

    @override
    def catch_up(self) -> None:
        if self._unrecorded:
            self._record(self._unrecorded)
        self._decide()

    @override
    def handle(self, message: object) -> None:
        match message:
            case Tick(name=SEARCH.name):
                self._begin_search()
            case ClustersFound(clusters=found, removed=removed):
                self._searching = False
                self._forget(removed)
                self._record(found)
            case SearchFailed(reason=reason):
                self._searching = False
                self._fail_search(reason)
            case Tick(name=LEASES.name):
                if self._source.has_changed():
                    self._begin_search()
                self._mark_removed()
                self._decide()
            case RowChanged():
                self._decide()
            case LeaseLost(names=names):
                self._lose(names)
            case AccessDoubted(cluster_id=cluster_id):
                self._doubt(cluster_id)
            case ReachabilityChanged(cluster_id=cluster_id, state=Reachability.ANSWERING):
                self._trust(cluster_id)
            case ReachabilityChanged():
                pass  # what failed is told apart, if a search may help
            case Tick(name=DOUBT.name):
                self._search_for_doubted()
            case _:
                super().handle(message)

    @override
    def on_stopped(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @override
    def describe(self) -> str:
        return f"{len(self._found)} clusters found, {len({id_ for id_, _ in self._served})} served"

    def _doubt(self, cluster_id: ClusterId) -> None:
        """Search now if this cluster's access was not in doubt before, else after a pause that grows with the doubts.

        All clusters in doubt share the pauses, so that many dead ones do not cause many searches.
        """
        if cluster_id not in self._doubted:
            self._doubted.add(cluster_id)
            self._begin_search()
        if self._doubt_pause is None:
            self._doubts += 1
            self._doubt_pause = self.after(DOUBT, seconds=DOUBTS.after(self._doubts))

    def _trust(self, cluster_id: ClusterId) -> None:
        """Forget the doubts about a cluster that answers, or that was found to have changed."""
        self._doubted.discard(cluster_id)
        if not self._doubted:
            self._doubts = 0

    def _search_for_doubted(self) -> None:
        self._doubt_pause = None
        if self._doubted:
            self._begin_search()

    def _begin_search(self) -> None:
        """Start a search, unless one is still running."""
        if self._search_again is not None:
            self._search_again.cancel()
        if not self._searching:
            self._searching = True
            self.submit(self._threads, self._search)

    def _fail_search(self, reason: str) -> None:
        self.log.warning("Clusters could not be searched", action="search", reason=reason)
        delay = jittered(min(self._every_seconds, SEARCH_AGAIN_SECONDS))
        self._search_again = self.after(SEARCH, seconds=delay)

    def _search(self) -> None:
        try:
            found = tuple(self._source.search())
        except PlatzError as error:
            self.tell_self(SearchFailed(reason=error.message))
        else:
            self.tell_self(ClustersFound(clusters=found, removed=self._source.removed()))

    def _forget(self, removed: Mapping[str, str]) -> None:
        """Serve clusters no longer that were taken away on purpose; `_mark_removed` writes why."""
        gone = {provider_id: reason for provider_id, reason in removed.items() if provider_id in self._found}
        for provider_id in gone:
            del self._found[provider_id]
        self._unmarked |= gone

    def _mark_removed(self) -> None:
        """Write why clusters are not served; this is done some seconds later, when their watches have ended."""
        if not self._unmarked:
            return
        with self._database.transaction() as connection:
            for row in clusters.all_clusters(connection):
                if row.provider_id in self._unmarked and row.provider_id not in self._found:
                    clusters.set_health(
                        connection, row.id, is_ok=False, reason=self._unmarked[row.provider_id]
                    )
        self._unmarked = {}

    def _record(self, found: tuple[FoundCluster, ...]) -> None:
        self._found |= {cluster.provider_id: cluster for cluster in found}
        self._unrecorded = found
        with self._database.transaction() as connection:
            record_clusters(connection, found)
        self._unrecorded = ()
        self.log.info("Searched for clusters", action="search", found=len(found))
        self._decide()

    def _decide(self) -> None:
        with self._database.reading() as connection:
            rows = clusters.all_clusters(connection)
        wanted = {row.id: row for row in rows if not row.ignore and row.provider_id in self._found}
        for cluster_id, work in [key for key in self._served if key[0] not in wanted]:
            self._drop(cluster_id, work)
            self._leases.release(cluster_lease(cluster_id, work))
        self._serve_missing(wanted.values())
        self._end_tasks_of_ignored([row for row in rows if row.ignore])

    def _serve_missing(self, wanted: Iterable[ClusterSummary]) -> None:
        missing = [
            (row, work)
            for row in wanted
            for work in self._clients.works
            if self._served.get((row.id, work)) != self._found[row.provider_id]
        ]
        if not missing:
            return
        free = self._leases.free([cluster_lease(row.id, work) for row, work in missing])
        for row, work in missing:
            if cluster_lease(row.id, work) in free and not self._is_anothers(row.id, work):
                self._serve(row, work)

    def _end_tasks_of_ignored(self, ignored: Sequence[ClusterSummary]) -> None:
        """End what runners left in ignored clusters; a lock on the queue delays this, and not the serving of others."""
        if not ignored:
            return
        with self._database.reading() as connection:
            left = task_queue.ignored_clusters_with_started_tasks(connection)
        for row in ignored:
            if row.id in left:
                self._end_tasks(row)

    def _end_tasks(self, row: ClusterSummary) -> None:
        """End what an ignored cluster's runner left, unless another process still serves the cluster."""
        lease = self._leases.try_acquire(cluster_lease(row.id, Role.DEPLOY))
        if lease is None:
            return
        try:
            with self._database.transaction() as connection:
                ended = end_tasks_of_ignored(connection, row, lease)
        finally:
            self._leases.release(lease.name)
        self.log.info(
            "Ended the tasks of an ignored cluster", action="end", cluster=row.name, tasks=len(ended)
        )

    def _is_anothers(self, cluster_id: ClusterId, work: Role) -> bool:
        """Return whether a free lease is probably just about to be taken by the process that serves the cluster."""
        first = self._clients.works[0]
        if work is first or (cluster_id, first) in self._served:
            self._free_since.pop((cluster_id, work), None)
            return False
        since = self._free_since.setdefault((cluster_id, work), boot_clock.now())
        return boot_clock.now() - since < LEFT_OVER_SECONDS

    def _serve(self, row: ClusterSummary, work: Role) -> None:
        found = self._found[row.provider_id]
        lease = self._leases.try_acquire(cluster_lease(row.id, work))
        if lease is None:
            return
        if found not in self._known_of(row.id):
            self._clients.put(row.id, found.access)
        self._served[row.id, work] = found
        self._trust(row.id)
        self.log.info(
            "Serving a cluster", action="serve", cluster=row.name, cluster_id=str(row.id), work=work
        )
        message = ClusterServed(cluster_id=row.id, work=work, lease=lease, name=row.name, access=found.access)
        self.publish_sticky((row.id, work), message)

    def _known_of(self, cluster_id: ClusterId) -> list[FoundCluster]:
        return [found for (served, _), found in self._served.items() if served == cluster_id]

    def _drop(self, cluster_id: ClusterId, work: Role) -> None:
        found = self._served.pop((cluster_id, work))
        self.log.info(
            "Dropping a cluster", action="drop", cluster=found.name, cluster_id=str(cluster_id), work=work
        )
        self._trust(cluster_id)
        if not self._known_of(cluster_id):
            self._clients.remove(cluster_id)
        self.remove_sticky((cluster_id, work), ClusterDropped(cluster_id=cluster_id, work=work))

    def _lose(self, names: frozenset[str]) -> None:
        for cluster_id, work in [key for key in self._served if cluster_lease(*key) in names]:
            self._drop(cluster_id, work)
        raise Retryable("The leases of clusters were lost.")  # try to get them back, with backoff
