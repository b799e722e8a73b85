"""What a new Pod names must exist: its service account and its priority class.

Invariant: a Pod that passes runs under an account, and with a priority, that the cluster knows.
Source: Kubernetes "Admission Controllers" (ServiceAccount, Priority).
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig
from platz_sandbox.kubernetes.objects.status_errors import forbidden

_ALWAYS_THERE = "default"  # made with its namespace, a moment after it
_SYSTEM_CLASSES = frozenset({"system-node-critical", "system-cluster-critical"})


def check_pod_references(cluster: Cluster, pod: KubeObject) -> None:
    """Raise 403 when the Pod names a service account or a priority class that does not exist."""
    metadata = pod["metadata"]
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    account = dig(pod, "spec", "serviceAccountName") or _ALWAYS_THERE
    if account != _ALWAYS_THERE and cluster.get("serviceaccounts", namespace, account) is None:
        told = f'serviceaccount "{account}" not found'
        why = f"error looking up service account {namespace}/{account}: {told}"
        raise forbidden(plural="pods", name=name, why=why)
    level = dig(pod, "spec", "priorityClassName")
    if (
        level
        and level not in _SYSTEM_CLASSES
        and not cluster.get("priorityclasses.scheduling.k8s.io", "", level)
    ):
        raise forbidden(plural="pods", name=name, why=f"no PriorityClass with name {level} was found")
