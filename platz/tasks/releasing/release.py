"""A release in its cluster: its objects as they are, and as Helm would apply them.

Invariant: what is applied carries Helm's mark of ownership, and is signed with Helm's field manager.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from platz.helm.manifests import (
    MANAGED_BY,
    RELEASE_NAME,
    RELEASE_NAMESPACE,
    ManifestObject,
    annotations_of,
    labels_of,
)
from platz.json import JsonObject
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.kube.errors import KubeDenied
from platz.kube.kind_lookup import ServedKinds

FIELD_MANAGER = "helm"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release in its cluster."""

    client: KubeClient
    kinds: ServedKinds
    name: str
    namespace: str

    def place_of(self, wanted: ManifestObject) -> tuple[ResourceKind, str | None] | None:
        """Return an object's kind and namespace, or None when the cluster does not serve the kind."""
        kind = self.kinds.find(wanted.api_version, wanted.kind)
        if kind is None:
            return None
        return kind, (wanted.namespace or self.namespace) if kind.namespaced else None

    def find(self, wanted: ManifestObject) -> JsonObject | None:
        """Return the object as it is in the cluster; None if it is not there, or if Platz may not look at it."""
        place = self.place_of(wanted)
        try:
            return self.client.find(place[0], name=wanted.name, namespace=place[1]) if place else None
        except KubeDenied:
            return None

    def apply(self, wanted: ManifestObject, *, force: bool, dry_run: bool) -> None:
        """Apply an object as Helm does. Raises `KubeConflict`, and `KubeRejected` when it would not be valid."""
        place = self.place_of(wanted)
        if place is not None:
            kind, namespace = place
            self.client.apply(
                kind,
                _with_marks(wanted.document, self),
                name=wanted.name,
                namespace=namespace,
                field_manager=FIELD_MANAGER,
                force=force,
                dry_run=dry_run,
            )


def owners_of(present: JsonObject) -> Sequence[JsonObject]:
    """Return the entries of an object's `managedFields`."""
    match present:
        case {"metadata": {"managedFields": list(entries)}}:
            return [entry for entry in entries if isinstance(entry, dict)]
        case _:
            return []


def is_foreign(entry: JsonObject) -> bool:
    """Tell whether an entry of `managedFields` is that of somebody else, who wrote more than the status."""
    return entry.get("manager") != FIELD_MANAGER and entry.get("subresource") != "status"


def _with_marks(document: JsonObject, release: Release) -> JsonObject:
    """Return the object with Helm's mark of ownership, which Helm adds to what the chart renders."""
    metadata = cast("JsonObject", document["metadata"])
    marks: JsonObject = {RELEASE_NAME: release.name, RELEASE_NAMESPACE: release.namespace}
    return {
        **document,
        "metadata": {
            **metadata,
            "labels": {**labels_of(document), MANAGED_BY: "Helm"},
            "annotations": {**annotations_of(document), **marks},
        },
    }
