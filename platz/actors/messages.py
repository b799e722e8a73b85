"""The messages that actors pass to each other: facts and commands.

Invariant: a message is a frozen value, which an actor may keep and may receive twice. A fact says what to look
at again; the truth is in PostgreSQL and in the clusters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from platz.config import Role
from platz.db.events import RowChange
from platz.db.tables.lease_rows import Lease
from platz.discovery.cluster_records import FoundCluster
from platz.identities import ClusterId, TaskId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.reachability import Reachability


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """A regular sign of life: published by the `Supervisor`; handling it shows that an actor still works."""


@dataclass(frozen=True, kw_only=True)
class CatchUp:
    """A command to look at everything again, because the last attempt failed."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """It is time for the work called ``name``."""

    name: str


@dataclass(frozen=True, kw_only=True)
class RowChanged:
    """Rows of one table changed, and these changes are committed."""

    table: str
    changes: tuple[RowChange, ...]


@dataclass(frozen=True, kw_only=True)
class ListeningResumed:
    """Change events arrive from now on; earlier changes may have been missed."""


@dataclass(frozen=True, kw_only=True)
class ChildFailed:
    """A child of the supervisor ended with an exception."""

    name: str
    generation: int
    error: BaseException


@dataclass(frozen=True, kw_only=True)
class WorkerFailed:
    """Work on one of the actor's threads ended with an unexpected exception."""

    error: BaseException


@dataclass(frozen=True, kw_only=True)
class LeaseLost:
    """This process has lost these leases."""

    names: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ClustersFound:
    """A search for clusters succeeded: these exist, and those were removed, by provider id and with the reason."""

    clusters: tuple[FoundCluster, ...]
    removed: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SearchFailed:
    """A search for clusters failed."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ClusterServed:
    """This process does the work of a role in a cluster from now on, or reaches the cluster in a new way."""

    cluster_id: ClusterId
    work: Role
    lease: Lease
    name: str
    access: ClusterAccess


@dataclass(frozen=True, kw_only=True)
class ClusterDropped:
    """This process no longer does the work of a role in a cluster."""

    cluster_id: ClusterId
    work: Role


@dataclass(frozen=True, kw_only=True)
class ReachabilityChanged:
    """A served cluster began to answer, or ceased to."""

    cluster_id: ClusterId
    state: Reachability


@dataclass(frozen=True, kw_only=True)
class AccessDoubted:
    """A cluster failed in a way that a new address, certificate or user explains: look for it again."""

    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class TaskFinished:
    """A worker thread no longer runs a task: the task has ended, or this process let go of it (see its row)."""

    task_id: TaskId
    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class TasksAdded:
    """A cluster's queue may hold new tasks."""

    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class SlotFree:
    """A slot of the process's concurrency limit is free for a runner that was refused one before."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """The process ends soon: start no new work. Running work may go on until ``until`` (monotonic seconds)."""

    until: float


@dataclass(frozen=True, kw_only=True)
class StopChildren:
    """A command to stop all children, last started first, within ``seconds`` in total; `platz.app` sends it once."""

    seconds: float
