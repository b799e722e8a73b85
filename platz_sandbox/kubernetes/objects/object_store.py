"""One cluster's objects: reads, versioned writes, and the history that watches replay.

Invariant: every write gets the next resource version, is on disk before it is in memory, and is in the history before
the call returns; listeners are called with the changes in the order of their versions.
"""

from __future__ import annotations

import bisect
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.served_kinds import CUSTOM_RESOURCE_DEFINITIONS, Catalogue, Kind
from platz_sandbox.kubernetes.objects.storage import Storage
from platz_sandbox.kubernetes.objects.stored import Change, ChangeType, Stored, stored

HISTORY_LENGTH = 1000  # changes of one kind that a watch can replay; for older versions it gets 410
_FIRST_VERSION = 1000


class History:
    """The last changes of one kind; ``floor`` is the oldest version from which a watch may continue."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._changes: deque[Change] = deque()

    def add(self, change: Change) -> None:
        """Append a change, and drop the oldest one beyond `HISTORY_LENGTH`."""
        self._changes.append(change)
        if len(self._changes) > HISTORY_LENGTH:
            self.floor = self._changes.popleft().version

    def after(self, version: int) -> list[Change]:
        """Return the changes newer than ``version``, which the caller has compared with ``floor``."""
        first = bisect.bisect_right(self._changes, version, key=lambda change: change.version)
        return list(islice(self._changes, first, None))

    def forget(self) -> None:
        """Drop all changes, as a server does when it compacts its store."""
        if self._changes:
            self.floor = self._changes[-1].version
            self._changes.clear()


class Cluster:
    """The objects of one cluster, in memory and on disk."""

    def __init__(self, name: str, storage: Storage) -> None:
        """Load the cluster from the storage; a new cluster starts empty."""
        self.name = name
        self.kinds = Catalogue()
        self.version = max(storage.last_version(name), _FIRST_VERSION)
        self.listeners: list[Callable[[Change], None]] = []
        self._storage = storage
        self._objects: dict[str, dict[str, dict[str, Stored]]] = {}
        self._by_uid: dict[str, Stored] = {}
        self._dependents: dict[str, set[str]] = {}
        self._histories: dict[str, History] = {}
        self._load()

    def _load(self) -> None:
        loaded = [
            (resource, version, orjson.loads(body))
            for resource, version, body in self._storage.bodies(self.name)
        ]
        for resource, _version, document in loaded:
            if resource == CUSTOM_RESOURCE_DEFINITIONS:
                self.kinds.define(document)
        for resource, version, document in loaded:
            self._index(stored(self.kinds.stored(resource), document, version), None)

    def get(self, resource: str, namespace: str, name: str) -> Stored | None:
        """Return an object, or None."""
        return self._objects.get(resource, {}).get(namespace, {}).get(name)

    def by_uid(self, uid: str) -> Stored | None:
        """Return the object with that uid, or None."""
        return self._by_uid.get(uid)

    def list(self, resource: str, namespace: str | None = None) -> list[Stored]:
        """Return a kind's objects, of all namespaces when ``namespace`` is None, ordered by namespace and name."""
        spaces = self._objects.get(resource, {})
        chosen: Iterable[str] = sorted(spaces) if namespace is None else (namespace,)
        return [space[name] for key in chosen if (space := spaces.get(key)) for name in sorted(space)]

    def dependents(self, uid: str) -> list[Stored]:
        """Return the objects that name the uid as an owner."""
        return [self._by_uid[uid] for uid in sorted(self._dependents.get(uid, ()))]

    def in_namespace(self, namespace: str) -> list[Stored]:
        """Return every object in a namespace."""
        return [item for spaces in self._objects.values() for item in spaces.get(namespace, {}).values()]

    def history(self, resource: str) -> History:
        """Return the history of one kind."""
        return self._histories.setdefault(resource, History(self.version))

    def compact(self) -> None:
        """Drop all history, as a server does when it compacts its store; older versions then get 410."""
        for history in self._histories.values():
            history.forget()

    def put(self, kind: Kind, document: KubeObject) -> Stored:
        """Create or replace the object with the document's namespace and name, under the next version."""
        metadata = document["metadata"]
        metadata.setdefault("uid", str(uuid.uuid4()))
        before = self.get(kind.resource, metadata.get("namespace") or "", metadata["name"])
        now = stored(kind, document, self.version + 1)
        self._storage.save(
            cluster=self.name, resource=now.resource, namespace=now.namespace, name=now.name,
            version=now.version, body=now.body,
        )  # fmt: skip
        self._index(now, before)
        if kind.resource == CUSTOM_RESOURCE_DEFINITIONS:
            self.kinds.define(now.document())
        self._tell(Change(type=ChangeType.MODIFIED if before else ChangeType.ADDED, now=now, before=before))
        return now

    def remove(self, item: Stored) -> Stored:
        """Remove an object; return its last state, with the version of the removal."""
        if item.resource == CUSTOM_RESOURCE_DEFINITIONS:
            self._withdraw(item.name)
        kind = self.kinds.stored(item.resource)
        last = stored(kind, item.document(), self.version + 1)
        self._storage.remove(
            cluster=self.name,
            resource=item.resource,
            namespace=item.namespace,
            name=item.name,
            version=last.version,
        )
        self._unindex(item)
        self._tell(Change(type=ChangeType.DELETED, now=last, before=item))
        return last

    def _withdraw(self, definition: str) -> None:
        """Remove every object of the kinds that a CustomResourceDefinition added, then the kinds."""
        for item in self.list(definition):  # a definition's name is its kind's key: `plural.group`
            self.remove(item)
        self.kinds.withdraw(definition)

    def _index(self, now: Stored, before: Stored | None) -> None:
        if before:
            self._unindex(before)
        self._objects.setdefault(now.resource, {}).setdefault(now.namespace, {})[now.name] = now
        self._by_uid[now.uid] = now
        for owner in now.owners:
            self._dependents.setdefault(owner, set()).add(now.uid)

    def _unindex(self, item: Stored) -> None:
        space = self._objects[item.resource][item.namespace]
        del space[item.name]
        if not space:
            del self._objects[item.resource][item.namespace]
        del self._by_uid[item.uid]
        for owner in item.owners:
            siblings = self._dependents[owner]
            siblings.discard(item.uid)
            if not siblings:
                del self._dependents[owner]

    def _tell(self, change: Change) -> None:
        history = self.history(change.now.resource)  # a new history's floor is the version before this change
        self.version = change.version
        history.add(change)
        for listener in self.listeners:
            listener(change)
