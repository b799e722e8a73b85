"""The objects that every cluster has from the start: namespaces, nodes, classes, the API's own Service.

Invariant: creating them again adds the missing ones and changes no existing object.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.api.api_discovery import VERSION
from platz_sandbox.kubernetes.controllers.owned_objects import create_child
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, now_text
from platz_sandbox.kubernetes.objects.served_kinds import built_in

_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_CAPACITY = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}


def _node(number: int) -> KubeObject:
    name, moment = f"node-{number}", now_text()
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
             "lastHeartbeatTime": moment, "lastTransitionTime": moment}  # fmt: skip
    info = {
        "kubeletVersion": VERSION["gitVersion"], "osImage": "Platz sandbox", "architecture": "amd64",
        "operatingSystem": "linux", "containerRuntimeVersion": "sandbox://1.0", "kernelVersion": "none",
        "kubeProxyVersion": "", "bootID": "", "machineID": "", "systemUUID": "",
    }  # fmt: skip
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": f"10.244.{number}.0/24"},
        "status": {
            "capacity": _CAPACITY, "allocatable": _CAPACITY, "conditions": [ready], "nodeInfo": info,
            "addresses": [
                {"type": "InternalIP", "address": f"172.18.0.{number + 1}"}, {"type": "Hostname", "address": name},
            ],
        },
    }  # fmt: skip


def _furniture() -> list[tuple[str, KubeObject]]:
    standard = {"storageclass.kubernetes.io/is-default-class": "true"}
    service = {"ports": [{"name": "https", "port": 443, "targetPort": 6443}], "clusterIP": "10.96.0.1"}
    critical = {"system-cluster-critical": 2000000000, "system-node-critical": 2000001000}
    return [
        *(("namespaces", {"metadata": {"name": name}}) for name in _NAMESPACES),
        *(("nodes", _node(number)) for number in (1, 2)),
        ("storageclasses.storage.k8s.io",
         {"metadata": {"name": "standard", "annotations": standard}, "provisioner": "sandbox.platz.io/volumes"}),
        ("ingressclasses.networking.k8s.io",
         {"metadata": {"name": "sandbox"}, "spec": {"controller": "sandbox.platz.io/ingress"}}),
        *(("priorityclasses.scheduling.k8s.io", {"metadata": {"name": name}, "value": value})
          for name, value in critical.items()),
        ("services", {"metadata": {"name": "kubernetes", "namespace": "default"}, "spec": service}),
    ]  # fmt: skip


def create_default_objects(cluster: Cluster) -> None:
    """Create the default objects that the cluster lacks."""
    for resource, document in _furniture():
        metadata = document["metadata"]
        if cluster.get(resource, metadata.get("namespace", ""), metadata["name"]) is None:
            create_child(cluster, built_in(resource), document)
