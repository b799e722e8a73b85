"""Discovery documents of a cluster: its groups, versions and resources.

Invariant: everything here is derived from the cluster's catalogue of kinds.
Source: Kubernetes "API concepts", discovery and aggregated discovery (`apidiscovery.k8s.io/v2`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.served_kinds import ALL_VERBS, Catalogue, Kind

VERSION = {
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35", "gitVersion": "v1.36.3", "gitCommit": "sandbox", "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip

_SUBRESOURCE_KINDS: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "scale": ("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    "eviction": ("policy", "v1", "Eviction", ("create",)),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", ("create",)),
    "log": ("", "v1", "", ("get",)),
    "finalize": ("", "v1", "", ("update",)),
}


def _subresource(kind: Kind, name: str) -> tuple[str, str, str, tuple[str, ...]]:
    own = (kind.group, kind.version, kind.kind, ("get", "patch", "update"))
    group, version, called, verbs = _SUBRESOURCE_KINDS.get(name, own)
    return group, version, called or kind.kind, verbs


_OWN_PATHS = ("/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


def paths(kinds: Catalogue) -> KubeObject:
    """Return `/`: the paths that the server knows."""
    grouped = [
        path
        for group, versions in kinds.groups().items()
        if group
        for path in (f"/apis/{group}", *(f"/apis/{group}/{version}" for version in versions))
    ]
    return {"paths": ["/api", "/api/v1", "/apis", *sorted(grouped), *_OWN_PATHS]}


def api_versions() -> KubeObject:
    """Return `/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _group(name: str, versions: Iterable[str]) -> KubeObject:
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def api_groups(kinds: Catalogue) -> KubeObject:
    """Return `/apis`."""
    groups = [_group(name, versions) for name, versions in kinds.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(kinds: Catalogue, name: str) -> KubeObject | None:
    """Return `/apis/GROUP`, or None when there is no such group."""
    versions = kinds.groups().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if name and versions else None


def api_resources(kinds: Catalogue, group: str, version: str) -> KubeObject | None:
    """Return `/api/v1` or `/apis/GROUP/VERSION`, or None when nothing is served there."""
    served = kinds.groups().get(group, {}).get(version)
    if not served:
        return None
    resources: list[KubeObject] = []
    for kind in served:
        resources.append({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": list(ALL_VERBS), "shortNames": list(kind.short_names), "categories": list(kind.categories),
            "storageVersionHash": "",
        })  # fmt: skip
        resources += [_resource_of(kind, name) for name in kind.subresources]
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources}


def _resource_of(kind: Kind, name: str) -> KubeObject:
    group, version, called, verbs = _subresource(kind, name)
    return {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced, "group": group,
            "version": version, "kind": called, "verbs": list(verbs)}  # fmt: skip


def aggregated(kinds: Catalogue, *, core: bool) -> KubeObject:
    """Return `/api` (``core``) or `/apis` with all resources in one document."""
    items: list[KubeObject] = []
    for group, versions in kinds.groups().items():
        if bool(group) != core:
            served = [
                {
                    "version": version,
                    "resources": [_aggregated(kind) for kind in of_version],
                    "freshness": "Current",
                }
                for version, of_version in versions.items()
            ]
            items.append({"metadata": {"name": group} if group else {"name": ""}, "versions": served})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _kind_document(group: str, version: str, kind: str) -> KubeObject:
    return {"group": group, "version": version, "kind": kind}


def _aggregated(kind: Kind) -> KubeObject:
    subresources: list[KubeObject] = []
    for name in kind.subresources:
        group, version, called, verbs = _subresource(kind, name)
        subresources.append({"subresource": name, "responseKind": _kind_document(group, version, called),
                             "verbs": list(verbs)})  # fmt: skip
    return {
        "resource": kind.plural,
        "responseKind": _kind_document(kind.group, kind.version, kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(ALL_VERBS),
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
        "subresources": subresources,
    }
