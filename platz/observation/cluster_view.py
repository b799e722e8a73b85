"""The view of a cluster: its state as the watches show it, and which parts of it are not yet in the database.

Invariant: once every batch is written, the cluster's rows in `k8s_resources` equal the workloads in deployments'
namespaces, deletions included. A workload that is seen before its namespace waits here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Connection

from platz.db.tables import k8s_resources
from platz.db.tables.k8s_resources import SeenWorkload, WorkloadId
from platz.identities import ClusterId, DeploymentId
from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE, ResourceKind
from platz.kube.namespaces import is_terminating
from platz.kube.watch_specs import Changes, Gone, Snapshot, Upsert
from platz.observation.workloads import owner_of, seen_workload, workload_id


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The changes to write: rows to insert or update, ids to delete, and for some kinds all ids that may stay."""

    cluster_id: ClusterId
    upserts: tuple[SeenWorkload, ...]
    removals: tuple[WorkloadId, ...]
    kept: dict[str, tuple[WorkloadId, ...]]

    def write(self, connection: Connection) -> int:
        """Write the batch and return the number of changed rows."""
        changed = k8s_resources.upsert(connection, self.upserts) + k8s_resources.remove(
            connection, self.removals
        )
        for kind, ids in self.kept.items():
            changed += k8s_resources.keep_only(connection, self.cluster_id, kind, ids)
        return changed


@dataclass(kw_only=True)
class _Workload:
    resource: ResourceKind
    document: JsonObject

    @property
    def namespace(self) -> str:
        return str(cast("JsonObject", self.document["metadata"]).get("namespace"))


@dataclass(kw_only=True)
class ClusterView:
    """The state built from the events of a cluster's watches, and its unwritten changes. Not thread-safe."""

    cluster_id: ClusterId
    _owners: dict[str, DeploymentId] = field(default_factory=dict[str, DeploymentId])
    _going: set[str] = field(default_factory=set[str])
    _workloads: dict[WorkloadId, _Workload] = field(default_factory=dict[WorkloadId, _Workload])
    _dirty: set[WorkloadId] = field(default_factory=set[WorkloadId])
    _listed: set[str] = field(default_factory=set[str])
    _knows_namespaces: bool = False

    def apply(self, resource: ResourceKind, event: Snapshot | Changes) -> bool:
        """Apply an event of one kind; return whether the namespaces of deployments changed."""
        if resource == NAMESPACE:
            return self._apply_namespaces(event)
        if isinstance(event, Snapshot):
            known = {id_ for id_, workload in self._workloads.items() if workload.resource == resource}
            listed = {self._see(resource, document) for document in event.objects}
            for gone in known - listed:
                self._forget(gone)
            self._listed.add(resource.kind)
        else:
            for change in event.changes:
                self._apply_change(resource, change)
        return False

    def present_namespaces(self) -> dict[str, DeploymentId] | None:
        """Return the owners of the namespaces that are not being deleted; None before the first list of them."""
        if not self._knows_namespaces:
            return None
        return {name: owner for name, owner in self._owners.items() if name not in self._going}

    def take_batch(self) -> Batch | None:
        """Return the unwritten changes, which then count as written; None if there are none.

        Also None before all namespaces are known, because workloads whose owner is not yet known would be deleted.
        """
        if not self._knows_namespaces or not (self._dirty or self._listed):
            return None
        rows = [self._row(id_) for id_ in self._dirty]
        upserts = tuple(row for row in rows if row is not None)
        removals = tuple(self._dirty - {row.id for row in upserts})
        kept = {kind: self._owned(kind) for kind in self._listed}
        self._dirty, self._listed = set(), set()
        return Batch(cluster_id=self.cluster_id, upserts=upserts, removals=removals, kept=kept)

    def put_back(self, batch: Batch) -> None:
        """Mark the changes of a batch that could not be written as unwritten again."""
        self._dirty |= {row.id for row in batch.upserts} | set(batch.removals)
        self._listed |= set(batch.kept)

    def _apply_namespaces(self, event: Snapshot | Changes) -> bool:
        before, going = dict(self._owners), set(self._going)
        if isinstance(event, Snapshot):
            self._owners, self._going, self._knows_namespaces = {}, set(), True
            self._own(event.objects)
        else:
            for change in event.changes:
                if isinstance(change, Upsert):
                    self._own([change.object])
                else:
                    self._owners.pop(_name(change.object), None)
                    self._going.discard(_name(change.object))
        differing = {name for name, _ in before.items() ^ self._owners.items()}
        self._dirty |= {id_ for id_, workload in self._workloads.items() if workload.namespace in differing}
        return isinstance(event, Snapshot) or self._going != going or before != self._owners

    def _own(self, namespaces: Iterable[JsonObject]) -> None:
        for namespace in namespaces:
            name, owner = _name(namespace), owner_of(namespace)
            if owner is None:
                self._owners.pop(name, None)  # it lost its annotation
            else:
                self._owners[name] = owner
            if is_terminating(namespace):
                self._going.add(name)
            else:
                self._going.discard(name)

    def _apply_change(self, resource: ResourceKind, change: Upsert | Gone) -> None:
        if isinstance(change, Upsert):
            self._see(resource, change.object)
        elif (gone := workload_id(change.object)) is not None:
            self._forget(gone)

    def _see(self, resource: ResourceKind, document: JsonObject) -> WorkloadId | None:
        id_ = workload_id(document)
        if id_ is not None:
            self._workloads[id_] = _Workload(resource=resource, document=document)
            self._dirty.add(id_)
        return id_

    def _forget(self, id_: WorkloadId) -> None:
        if self._workloads.pop(id_, None) is not None:
            self._dirty.add(id_)

    def _row(self, id_: WorkloadId) -> SeenWorkload | None:
        workload = self._workloads.get(id_)
        if workload is None:
            return None
        resource = workload.resource
        return seen_workload(
            resource.kind,
            resource.api_version,
            workload.document,
            cluster_id=self.cluster_id,
            owners=self._owners,
        )

    def _owned(self, kind: str) -> tuple[WorkloadId, ...]:
        return tuple(
            id_
            for id_, workload in self._workloads.items()
            if workload.resource.kind == kind and workload.namespace in self._owners
        )


def _name(document: JsonObject) -> str:
    return str(cast("JsonObject", document.get("metadata") or {}).get("name"))
