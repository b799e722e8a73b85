"""The revisions of a release in its cluster, and how an interrupted run is cleared away.

Recovery reads `last_revision` to learn what really happened: a revision carries the task's id in a label from the
moment Helm begins, and in its description when Helm succeeded. Before a run is repeated, `settle` removes what would
keep Helm from running: Helm takes a pending revision for a run that is still under way.
Invariant: a revision that was ever deployed is not touched.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, cast

from platz.errors import NotFound
from platz.helm.engine import HelmAction
from platz.helm.stored_release import SECRET_TYPE, name_of, read_release, with_release
from platz.json import JsonObject, JsonValue


class ReleaseStatus(StrEnum):
    """The states of a revision (Helm: `release.Status`)."""

    UNKNOWN = "unknown"
    DEPLOYED = "deployed"
    UNINSTALLED = "uninstalled"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"


_UNDER_WAY = frozenset(
    {
        ReleaseStatus.PENDING_INSTALL,
        ReleaseStatus.PENDING_UPGRADE,
        ReleaseStatus.PENDING_ROLLBACK,
        ReleaseStatus.UNINSTALLING,
    }
)
_EVER_DEPLOYED = frozenset({ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED})


class SecretStore(Protocol):
    """The Secrets of one cluster (`platz.kube.secret_objects.Secrets` is one)."""

    def list(self, *, namespace: str, label_selector: str) -> Sequence[JsonObject]:
        """Return the Secrets with these labels; none when there is no such namespace."""
        ...

    def replace(self, secret: JsonObject, *, namespace: str, name: str) -> JsonObject:
        """Replace a Secret; fail when it was changed since it was read."""
        ...

    def delete(self, *, namespace: str, name: str) -> object:
        """Delete a Secret. Raises `NotFound`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A hook of a revision (Helm: `release.Hook`)."""

    kind: str
    name: str
    manifest: str = field(repr=False)
    events: frozenset[str]
    delete_policies: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a release; ``labels`` are those that the run gave it, and Helm's own.

    ``applied_on_server`` tells how Helm applies the release (Helm 4: `apply_method`); Helm 3 knows no other way than to
    patch. ``crds`` are the manifests in the chart's folder `crds`, which Helm never deletes.
    """

    number: int
    status: ReleaseStatus
    description: str
    labels: Mapping[str, str]
    hooks: tuple[Hook, ...]
    manifest: str = field(repr=False)
    applied_on_server: bool
    crds: tuple[str, ...]
    secret: JsonObject = field(repr=False)

    @property
    def leftover_pods(self) -> tuple[str, ...]:
        """The names of hook Pods that may still exist, because this revision's run did not end well.

        They must be gone before Helm runs again: Helm 4 deletes a hook's Pod and creates it again without waiting,
        and then waits for the Pod that is terminating. (Jobs go at once and cause no trouble.)
        """
        pods = tuple(hook.name for hook in self.hooks if hook.kind == "Pod")
        return () if self.status in _EVER_DEPLOYED else pods

    @property
    def is_under_way(self) -> bool:
        """Tell whether Helm takes this revision for a run that has not ended."""
        return self.status in _UNDER_WAY


def revisions(store: SecretStore, *, namespace: str, release: str) -> Sequence[Revision]:
    """Return the revisions, oldest first. Raises `Rejected` when one is damaged."""
    found = store.list(namespace=namespace, label_selector=f"owner=helm,name={release}")
    ours = [_revision(secret) for secret in found if secret.get("type", SECRET_TYPE) == SECRET_TYPE]
    return sorted(ours, key=lambda revision: revision.number)


def last_revision(store: SecretStore, *, namespace: str, release: str) -> Revision | None:
    """Return the newest revision, or None when the release has none."""
    found = revisions(store, namespace=namespace, release=release)
    return found[-1] if found else None


def settle(
    store: SecretStore, *, namespace: str, release: str, action: HelmAction, reason: str
) -> Sequence[int]:
    """Clear away what would keep ``action`` from running; call it only while no Helm runs for this release.

    Before an install, revisions of a release that was never deployed are removed (Helm would not re-use the
    name); before an upgrade, a revision under way is marked failed with ``reason``, as Helm would have done.
    Returns the numbers of the revisions that were touched.
    """
    found = revisions(store, namespace=namespace, release=release)
    if action is HelmAction.INSTALL and not any(revision.status in _EVER_DEPLOYED for revision in found):
        for revision in found:
            _remove(store, revision, namespace)
        return [revision.number for revision in found]
    under_way = [revision for revision in found if revision.is_under_way]
    for revision in under_way:
        _mark_failed(store, revision, namespace, reason)
    return [revision.number for revision in under_way]


def _remove(store: SecretStore, revision: Revision, namespace: str) -> None:
    try:
        store.delete(namespace=namespace, name=name_of(revision.secret))
    except NotFound:
        return


def _mark_failed(store: SecretStore, revision: Revision, namespace: str, reason: str) -> None:
    document = read_release(revision.secret)
    info = {**cast("JsonObject", document.get("info") or {}), "status": "failed", "description": reason}
    changed = with_release(revision.secret, {**document, "info": info}, status="failed")
    store.replace(changed, namespace=namespace, name=name_of(revision.secret))


def _revision(secret: JsonObject) -> Revision:
    document = read_release(secret)
    info = cast("JsonObject", document.get("info") or {})
    metadata = cast("JsonObject", secret.get("metadata") or {})
    labels = cast("JsonObject", metadata.get("labels") or {})
    return Revision(
        number=_number(document.get("version")),
        status=_status(str(info.get("status", ""))),
        description=str(info.get("description", "")),
        labels={key: str(value) for key, value in labels.items()},
        hooks=tuple(_hooks(document.get("hooks"))),
        manifest=str(document.get("manifest") or ""),
        applied_on_server=document.get("apply_method") == "ssa",
        crds=tuple(_crds(document.get("chart"))),
        secret=secret,
    )


def _status(text: str) -> ReleaseStatus:
    try:
        return ReleaseStatus(text)
    except ValueError:
        return ReleaseStatus.UNKNOWN


def _hooks(hooks: JsonValue) -> Iterator[Hook]:
    for hook in hooks if isinstance(hooks, list) else []:
        match hook:
            case {"kind": str(kind), "name": str(name)}:
                yield Hook(
                    kind=kind,
                    name=name,
                    manifest=str(hook.get("manifest") or ""),
                    events=_texts(hook.get("events")),
                    delete_policies=_texts(hook.get("delete_policies")),
                )
            case _:
                continue


def _crds(chart: JsonValue) -> Iterator[str]:
    """Yield the files of the chart's folder `crds`; those of charts that it depends on are not stored."""
    match chart:
        case {"files": list(files)}:
            pass
        case _:
            return
    for file in files:
        match file:
            case {"name": str(name), "data": str(data)} if name.startswith("crds/"):
                yield base64.b64decode(data).decode(errors="replace")
            case _:
                continue


def _texts(value: JsonValue) -> frozenset[str]:
    return frozenset(str(each) for each in value) if isinstance(value, list) else frozenset()


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
