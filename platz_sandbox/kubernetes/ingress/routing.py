"""Routing: from a host name and a path to the Pods that respond.

Invariant: only ready Pods respond; the first Ingress with a backend for the host and path wins, in the order of
clusters, namespaces and names.
Source: Kubernetes "Ingress": host and path matching.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects
from platz_sandbox.kubernetes.objects.selectors import selects
from platz_sandbox.kubernetes.objects.stored import Stored


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a request goes: the Service and its ready Pods."""

    cluster: Cluster
    namespace: str
    service: str
    pods: list[Stored]


def _host_matches(rule: str, host: str) -> bool:
    if rule.startswith("*."):
        return host.partition(".")[2] == rule[2:]
    return rule in {"", host}


def _path_matches(path: KubeObject, wanted: str) -> bool:
    prefix = str(path.get("path") or "/")
    if path.get("pathType") == "Exact":
        return wanted == prefix
    return prefix == "/" or wanted == prefix.rstrip("/") or wanted.startswith(prefix.rstrip("/") + "/")


def _backend(ingress: KubeObject, host: str, path: str) -> str | None:
    """Return the name of the Service that the Ingress declares for a host and path; the longest path wins."""
    rules = [
        rule for rule in objects(ingress, "spec", "rules") if _host_matches(str(rule.get("host") or ""), host)
    ]
    matching = [p for rule in rules for p in objects(rule, "http", "paths") if _path_matches(p, path)]
    best = max(matching, key=lambda p: len(str(p.get("path") or "/")), default=None)
    if best is not None:
        return dig(best, "backend", "service", "name")
    return dig(ingress, "spec", "defaultBackend", "service", "name") if rules else None


def find_route(clusters: Iterable[Cluster], host: str, path: str) -> Route | None:
    """Return where a request goes, or None when no Ingress has a backend for the host and path."""
    for cluster in clusters:
        for item in cluster.list("ingresses.networking.k8s.io"):
            service = _backend(item.document(), host, path)
            if service is not None:
                pods = ready_pods(cluster, item.namespace, service)
                return Route(cluster=cluster, namespace=item.namespace, service=service, pods=pods)
    return None


def ready_pods(cluster: Cluster, namespace: str, service: str) -> list[Stored]:
    """Return the ready Pods behind a Service."""
    found = cluster.get("services", namespace, service)
    labels = dig(found.document(), "spec", "selector") if found else None
    if not labels:
        return []
    pods = cluster.list("pods", namespace)
    return [
        pod for pod in pods if pod.ready and not pod.deleting and selects({"matchLabels": labels}, pod.labels)
    ]
