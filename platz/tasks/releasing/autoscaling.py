"""The replicas that an autoscaler has chosen, which a release leaves alone.

Source: Kubernetes, "Horizontal Pod Autoscaling"; docs/contract/workers.md, "Changes from outside".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from platz.json import JsonObject
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.kube.errors import KubeDenied, KubeNotFound
from platz.kube.kind_lookup import ServedKinds

AUTOSCALER = ResourceKind(
    kind="HorizontalPodAutoscaler", api_version="autoscaling/v2", plural="horizontalpodautoscalers"
)


@dataclass(frozen=True, kw_only=True)
class Autoscaled:
    """A workload, the name of its HorizontalPodAutoscaler, and its present number of replicas."""

    workload: str
    autoscaler: str
    replicas: int

    def __str__(self) -> str:
        return (
            f"{self.workload} stays at {self.replicas} replicas: HorizontalPodAutoscaler {self.autoscaler}"
            " decides their number."
        )


def autoscaled_workloads(client: KubeClient, kinds: ServedKinds, *, namespace: str) -> Sequence[Autoscaled]:
    """Return the workloads of a namespace that are under an autoscaler; none if Platz may not look at autoscalers.

    Raises the errors of the cluster.
    """
    try:
        autoscalers = client.list_all(AUTOSCALER, namespace=namespace).items
    except (KubeNotFound, KubeDenied):
        return []
    found = [_autoscaled(client, kinds, namespace, each) for each in autoscalers]
    return [each for each in found if each is not None]


def _autoscaled(
    client: KubeClient, kinds: ServedKinds, namespace: str, autoscaler: JsonObject
) -> Autoscaled | None:
    match autoscaler:
        case {
            "metadata": {"name": str(autoscaler_name)},
            "spec": {"scaleTargetRef": {"kind": str(kind), "name": str(name), **target}},
        }:
            served = kinds.find(str(target.get("apiVersion") or "apps/v1"), kind)
            workload = client.find(served, name=name, namespace=namespace) if served else None
        case _:
            return None
    match workload:
        case {"spec": {"replicas": int(replicas)}}:
            return Autoscaled(workload=f"{kind}/{name}", autoscaler=autoscaler_name, replicas=replicas)
        case _:
            return None
