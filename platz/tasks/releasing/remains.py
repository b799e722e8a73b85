"""What the uninstall of a release leaves in the cluster, outside the namespace that is deleted next.

Invariant: only what carries Helm's mark of this release is deleted, and what Kubernetes itself made again of it; all
else is told.

Source: docs/contract/workers.md, "Uninstall".
"""

from __future__ import annotations

from collections.abc import Sequence

from platz.errors import PlatzError, Retryable
from platz.helm.manifests import ManifestObject, belongs_to, is_kept, manifest_objects
from platz.helm.releases import Revision
from platz.json import JsonObject
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.kube.errors import KubeNotFound
from platz.tasks.releasing.release import Release

CLUSTER_ROLE = ResourceKind(
    kind="ClusterRole",
    api_version="rbac.authorization.k8s.io/v1",
    plural="clusterroles",
    namespaced=False,
)
_AGGREGATION = "clusterrole-aggregation-controller"


def objects_outside(release: Release, revisions: Sequence[Revision]) -> list[ManifestObject]:
    """Return the objects of a release that do not go with its namespace."""
    found = {
        (each.kind, each.name, each.namespace): each
        for revision in revisions
        for each in manifest_objects(revision.manifest)
    }
    return [each for each in found.values() if _is_outside(release, each)]


def definitions_of(revisions: Sequence[Revision]) -> list[ManifestObject]:
    """Return the objects in the charts' folders `crds`, which Helm never deletes."""
    found = {
        each.name: each for revision in revisions for crd in revision.crds for each in manifest_objects(crd)
    }
    return list(found.values())


def remove_remains(release: Release, objects: Sequence[ManifestObject]) -> list[str]:
    """Delete what an uninstall left of these objects, and return a sentence about each that stays."""
    return [sentence for each in objects if (sentence := _remove(release, each))]


def kept_definitions(release: Release, definitions: Sequence[ManifestObject]) -> list[str]:
    """Return a sentence about each definition that stays."""
    return [
        f"{each} stays in the cluster, with all objects of its kind: Helm never deletes what a chart has in crds/."
        for each in definitions
        if release.find(each) is not None
    ]


def remove_husk(client: KubeClient, *, name: str) -> bool:
    """Delete a ClusterRole that the aggregation controller made again after its deletion; tell whether it was one.

    The controller applies the rules that it has gathered, and an apply creates what is not there: without labels, and
    without Helm's mark, so that no release can have the name any more.
    """
    present = client.find(CLUSTER_ROLE, name=name)
    if present is None or not _is_husk(present):
        return False
    try:
        client.delete(CLUSTER_ROLE, name=name)
    except KubeNotFound:
        return True
    return True


def _is_outside(release: Release, wanted: ManifestObject) -> bool:
    place = release.place_of(wanted)
    return place is not None and place[1] != release.namespace


def _remove(release: Release, wanted: ManifestObject) -> str:
    place, present = release.place_of(wanted), release.find(wanted)
    if place is None or present is None:
        return ""
    if is_kept(present) or is_kept(wanted.document):
        return f"{wanted} stays in the cluster: the chart keeps it (helm.sh/resource-policy: keep)."
    if wanted.kind == CLUSTER_ROLE.kind and remove_husk(release.client, name=wanted.name):
        return ""
    if not belongs_to(present, release=release.name, namespace=release.namespace):
        return f"{wanted} stays in the cluster: it does not carry this release's mark any more."
    try:
        release.client.delete(place[0], name=wanted.name, namespace=place[1])
    except KubeNotFound:
        return ""
    except Retryable:
        raise
    except PlatzError as error:
        return f"{wanted} stays in the cluster: {error.message}"
    return ""


def _is_husk(present: JsonObject) -> bool:
    match present:
        case {"metadata": {"managedFields": [*entries]}} if "aggregationRule" not in present:
            return all(isinstance(each, dict) and each.get("manager") == _AGGREGATION for each in entries)
        case _:
            return False
