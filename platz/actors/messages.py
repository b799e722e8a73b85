"""Every message that actors pass: facts and orders in the field's words.

Invariant: a message is a frozen value. Whoever gets one may keep it, and may get it twice: facts describe
what to look at again, the truth is in PostgreSQL and in the clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.db.events import RowChange
from platz.discovery.cluster_records import FoundCluster
from platz.identities import ClusterId, TaskId
from platz.kube.cluster_access import ClusterAccess


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """Are you handling messages? Sent by the `Supervisor`, answered by the actor base class."""


@dataclass(frozen=True, kw_only=True)
class CatchUp:
    """Look at everything again: an earlier look failed, or something may have been missed."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """Time has come for the work called ``name``."""

    name: str


@dataclass(frozen=True, kw_only=True)
class RowChanged:
    """Rows of one table changed, and these changes are committed."""

    table: str
    changes: tuple[RowChange, ...]


@dataclass(frozen=True, kw_only=True)
class ListeningResumed:
    """Change events flow (again); what changed before may have been missed."""


@dataclass(frozen=True, kw_only=True)
class ChildFailed:
    """A child ended with an exception."""

    name: str
    generation: int
    error: BaseException


@dataclass(frozen=True, kw_only=True)
class WorkerFailed:
    """A thread of the actor ended with an exception that nobody foresaw."""

    error: BaseException


@dataclass(frozen=True, kw_only=True)
class LeaseLost:
    """The database no longer holds these leases for this process."""

    names: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ClustersFound:
    """A search of the account ended: these clusters exist."""

    clusters: tuple[FoundCluster, ...]


@dataclass(frozen=True, kw_only=True)
class SearchFailed:
    """A search of the account or of a registry failed; the next one comes at its time."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ClusterServed:
    """This process serves a cluster from now on (or with a new way to reach it)."""

    cluster_id: ClusterId
    name: str
    access: ClusterAccess


@dataclass(frozen=True, kw_only=True)
class ClusterDropped:
    """This process no longer serves a cluster."""

    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class TaskFinished:
    """A worker thread is done with a task, whatever its outcome; the outcome is in its row."""

    task_id: TaskId
    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class TasksAdded:
    """A cluster's queue holds tasks that it may not have held before."""

    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class SlotFree:
    """A task could be started again, for which there was no slot in this process."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """The process ends soon: start no new work; what runs may go on until ``until`` (monotonic seconds)."""

    until: float


@dataclass(frozen=True, kw_only=True)
class StopChildren:
    """Stop all children, last started first, within ``seconds`` together. Asked once, by `app`."""

    seconds: float
