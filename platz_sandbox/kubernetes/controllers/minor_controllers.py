"""The small control loops.

Invariant: each writes only the status of its own kind, except a claim's `volumeName` and a Service's EndpointSlice.
Source: the API references of these kinds.
"""

from __future__ import annotations

from platz.web_addresses import LOOPBACK
from platz_sandbox.kubernetes.controllers.loop import Loop
from platz_sandbox.kubernetes.controllers.owned_objects import create_child, is_active, owner_reference, share
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    dig,
    number,
    objects,
    part,
    with_condition,
)
from platz_sandbox.kubernetes.objects.selectors import selects
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.stored import Stored

INGRESS_ADDRESS = LOOPBACK


class ClaimLoop(Loop):
    """The control loop of volume claims, which binds each to the name of a volume that does not exist."""

    resource = "persistentvolumeclaims"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Bind the claim."""
        if item.deleting or dig(document, "status", "phase") == "Bound":
            return None
        document["spec"]["volumeName"] = f"pvc-{item.uid}"
        document["status"] = {
            "phase": "Bound",
            "accessModes": dig(document, "spec", "accessModes") or ["ReadWriteOnce"],
            "capacity": part(document, "spec", "resources", "requests"),
        }
        self.cluster.put(self.kind, document)
        return None


class IngressLoop(Loop):
    """The control loop of Ingresses, which gives each the address of the ingress stand-in."""

    resource = "ingresses.networking.k8s.io"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Write the address into the status."""
        if not item.deleting:
            self.save_status(document, {"loadBalancer": {"ingress": [{"ip": INGRESS_ADDRESS}]}})
        return None


class ServiceLoop(Loop):
    """The control loop of Services: an address for each load balancer, an EndpointSlice for each selector."""

    resource = "services"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Write the address and the endpoints."""
        if item.deleting:
            return None
        if dig(document, "spec", "type") == "LoadBalancer":
            address = {"ip": INGRESS_ADDRESS, "ipMode": "VIP"}
            self.save_status(document, {"loadBalancer": {"ingress": [address]}})
        if dig(document, "spec", "selector"):
            self._slice(item, document)
        return None

    def _slice(self, item: Stored, service: KubeObject) -> None:
        selector = {"matchLabels": dig(service, "spec", "selector")}
        pods = [
            pod
            for pod in self.cluster.list("pods", item.namespace)
            if is_active(pod) and pod.fields["status.podIP"]
        ]
        endpoints = [_endpoint(pod) for pod in pods if selects(selector, pod.labels)]
        ports = [
            {"name": port.get("name", ""), "protocol": port.get("protocol", "TCP"),
             "port": target if isinstance(target := port.get("targetPort"), int) else port["port"]}
            for port in objects(service, "spec", "ports")
        ]  # fmt: skip
        name = f"{item.name}-{item.uid[:5]}"
        known = self.cluster.get("endpointslices.discovery.k8s.io", item.namespace, name)
        content = {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
        kind = built_in("endpointslices.discovery.k8s.io")
        if known is None:
            labels = {
                "kubernetes.io/service-name": item.name,
                "endpointslice.kubernetes.io/managed-by": "sandbox",
            }
            metadata = {"name": name, "namespace": item.namespace, "labels": labels,
                        "ownerReferences": [owner_reference(self.kind, service)]}  # fmt: skip
            create_child(self.cluster, kind, {"metadata": metadata, **content})
        elif any(known.document().get(key) != value for key, value in content.items()):
            self.cluster.put(kind, {**known.document(), **content})


def _endpoint(pod: Stored) -> KubeObject:
    return {
        "addresses": [pod.fields["status.podIP"]],
        "conditions": {"ready": pod.ready, "serving": pod.ready, "terminating": False},
        "nodeName": pod.fields["spec.nodeName"],
        "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
    }


class DisruptionBudgetLoop(Loop):
    """The control loop of disruption budgets, which counts how many Pods may be disrupted."""

    resource = "poddisruptionbudgets.policy"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Write the numbers into the status."""
        if item.deleting:
            return None
        selector = dig(document, "spec", "selector")
        pods = [
            p
            for p in self.cluster.list("pods", item.namespace)
            if is_active(p) and selects(selector, p.labels)
        ]
        healthy = sum(pod.ready for pod in pods)
        least, most = dig(document, "spec", "minAvailable"), dig(document, "spec", "maxUnavailable")
        desired = (
            share(least, len(pods), up=True)
            if least is not None
            else len(pods) - share(most, len(pods), up=True)
        )
        allowed = max(healthy - max(desired, 0), 0)
        enough = {"type": "DisruptionAllowed", "status": "True" if allowed else "False",
                  "reason": "SufficientPods" if allowed else "InsufficientPods", "message": ""}  # fmt: skip
        self.save_status(document, {
            "conditions": with_condition(objects(document, "status", "conditions"), enough),
            "currentHealthy": healthy, "desiredHealthy": max(desired, 0), "disruptionsAllowed": allowed,
            "expectedPods": len(pods), "observedGeneration": number(document, "metadata", "generation", default=1),
        })  # fmt: skip
        return None


class DefinitionLoop(Loop):
    """The control loop of CustomResourceDefinitions, which accepts each."""

    resource = "customresourcedefinitions.apiextensions.k8s.io"

    def reconcile(self, item: Stored, document: KubeObject) -> float | None:
        """Write into the status that the kind is served."""
        if item.deleting:
            return None
        conditions = objects(document, "status", "conditions")
        for name, reason, told in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ):
            fresh = {"type": name, "status": "True", "reason": reason, "message": told}
            conditions = with_condition(conditions, fresh)
        stored = [
            version["name"] for version in objects(document, "spec", "versions") if version.get("storage")
        ]
        names = dig(document, "spec", "names")
        self.save_status(
            document, {"conditions": conditions, "acceptedNames": names, "storedVersions": stored}
        )
        return None
