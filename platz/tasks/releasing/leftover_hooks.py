"""Removes what hooks of earlier runs left, where Helm would fail on it for good.

Helm itself deletes the object of a hook only as its `helm.sh/hook-delete-policy` says. A Job of the policy
`hook-succeeded` that failed stays, and a Job can't be changed: every later run would fail on it.
Invariant: only objects that a stored revision names as a hook, and that carry the mark of a hook of this release, are
deleted.

Source: Helm, "Chart Hooks"; docs/contract/workers.md, "Helm execution".
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

from platz.helm.engine import HelmAction
from platz.helm.manifests import (
    HOOK,
    RELEASE_NAME,
    ManifestObject,
    annotations_of,
    belongs_to,
    is_kept,
    labels_of,
    manifest_objects,
)
from platz.helm.releases import Hook, Revision
from platz.json import JsonObject
from platz.kube.errors import KubeNotFound
from platz.kube.object_removal import wait_until_gone
from platz.tasks.releasing.release import Release

_HELM_DELETES = "before-hook-creation"
_EVENTS: Mapping[HelmAction, frozenset[str]] = {
    HelmAction.INSTALL: frozenset({"pre-install", "post-install"}),
    HelmAction.UPGRADE: frozenset({"pre-upgrade", "post-upgrade"}),
    HelmAction.UNINSTALL: frozenset({"pre-delete", "post-delete"}),
}
_INSTANCE = "app.kubernetes.io/instance"
_PATIENCE_SECONDS = 120.0


def remove_leftover_hooks(release: Release, revisions: Sequence[Revision], action: HelmAction) -> list[str]:
    """Delete the objects of hooks that ``action`` would make again, and wait until they are gone; return their names.

    Raises `KubeUnfinished` when one does not go.
    """
    removed = [each for each in _leftovers(revisions, action) if _delete(release, each)]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for each in removed:
        wait_until_gone(release.client, partial(_look, release, each), deadline=deadline)
    return [str(each) for each in removed]


def _leftovers(revisions: Sequence[Revision], action: HelmAction) -> list[ManifestObject]:
    found: dict[tuple[str, str], ManifestObject] = {}
    for revision in revisions:
        for hook in revision.hooks:
            if hook.events & _EVENTS[action] and not _is_deleted_by_helm(hook):
                found |= {(each.kind, each.name): each for each in manifest_objects(hook.manifest)}
    return list(found.values())


def _is_deleted_by_helm(hook: Hook) -> bool:
    return not hook.delete_policies or _HELM_DELETES in hook.delete_policies


def _delete(release: Release, leftover: ManifestObject) -> bool:
    place, present = release.place_of(leftover), release.find(leftover)
    if place is None or present is None or not _is_ours(release, present):
        return False
    kind, namespace = place
    try:
        release.client.delete(kind, name=leftover.name, namespace=namespace, dependents=True)
    except KubeNotFound:
        return False
    return True


def _look(release: Release, leftover: ManifestObject) -> str | None:
    still_there = release.find(leftover) is not None
    return f"{leftover}, which an earlier hook left, does not end." if still_there else None


def _is_ours(release: Release, present: JsonObject) -> bool:
    """Tell whether an object is a hook of this release: Helm does not mark hooks as it marks other objects.

    What is in the deployment's own namespace is ours unless it names another release; a cluster-wide object has to
    name this one.
    """
    marks, labels = annotations_of(present), labels_of(present)
    if HOOK not in marks or is_kept(present):
        return False
    if RELEASE_NAME in marks:
        return belongs_to(present, release=release.name, namespace=release.namespace)
    match present:
        case {"metadata": {"namespace": str(namespace)}}:
            return namespace == release.namespace
        case _:
            return labels.get(_INSTANCE) == release.name
