"""The simulated world: the clusters with their APIs and control loops, the ingress stand-in, the control endpoint.

Invariant: all parts share one storage, one set of tokens and one set of fault switches.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import orjson

from platz.web_addresses import LOOPBACK
from platz_sandbox.kubernetes.api.cluster_api import ClusterApi
from platz_sandbox.kubernetes.api.faults import Faults
from platz_sandbox.kubernetes.api.gateway import Gateway, Tokens
from platz_sandbox.kubernetes.api.http_exchange import Answer, Exchange
from platz_sandbox.kubernetes.api.watching import ChangeSignals
from platz_sandbox.kubernetes.certificates import write_private
from platz_sandbox.kubernetes.control import CONTROL_FILE
from platz_sandbox.kubernetes.control_endpoint import ControlEndpoint
from platz_sandbox.kubernetes.controllers.daemon_sets import DaemonSetLoop
from platz_sandbox.kubernetes.controllers.event_records import EventLoop
from platz_sandbox.kubernetes.controllers.garbage_collection import GarbageCollector
from platz_sandbox.kubernetes.controllers.jobs import JobLoop
from platz_sandbox.kubernetes.controllers.loop import Controllers, Timing
from platz_sandbox.kubernetes.controllers.minor_controllers import (
    ClaimLoop,
    DefinitionLoop,
    DisruptionBudgetLoop,
    IngressLoop,
    ServiceLoop,
)
from platz_sandbox.kubernetes.controllers.namespaces import NamespaceLoop
from platz_sandbox.kubernetes.controllers.pods import PodLoop
from platz_sandbox.kubernetes.controllers.replica_sets import ReplicaSetLoop
from platz_sandbox.kubernetes.controllers.rollouts import DeploymentLoop
from platz_sandbox.kubernetes.controllers.stateful_sets import StatefulSetLoop
from platz_sandbox.kubernetes.default_objects import create_default_objects
from platz_sandbox.kubernetes.ingress.front import IngressFront
from platz_sandbox.kubernetes.kubeconfig import Access, write_kubeconfig
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.storage import Storage

_LOOPS = (
    PodLoop, ReplicaSetLoop, DeploymentLoop, StatefulSetLoop, DaemonSetLoop, JobLoop, ClaimLoop, IngressLoop,
    ServiceLoop, DisruptionBudgetLoop, DefinitionLoop, EventLoop,
)  # fmt: skip


class World:
    """Every part of the simulator's process."""

    def __init__(self, names: tuple[str, ...], storage: Storage, timing: Timing) -> None:
        self._storage = storage
        self._control_token = secrets.token_urlsafe(24)
        self._tokens = Tokens(storage)
        faults = Faults()
        self.clusters = {name: Cluster(name, storage) for name in names}
        self.controllers = [self._controllers(cluster, timing) for cluster in self.clusters.values()]
        apis = {
            name: ClusterApi(cluster, ChangeSignals(cluster), partial(self._tokens.add, name))
            for name, cluster in self.clusters.items()
        }
        self._gateway = Gateway(apis, self._tokens, faults)
        self._control = ControlEndpoint(
            token=self._control_token,
            faults=faults,
            tokens=self._tokens,
            clusters=self.clusters,
            gateway=self._gateway,
        )
        self.ingress = IngressFront(self.clusters.values(), storage, faults)
        for cluster in self.clusters.values():
            create_default_objects(cluster)

    def _controllers(self, cluster: Cluster, timing: Timing) -> Controllers:
        loops = [*(make(cluster, timing) for make in _LOOPS), NamespaceLoop(cluster, timing, self._storage)]
        return Controllers(cluster, loops, GarbageCollector(cluster), delay=timing.control)

    async def serve(self, exchange: Exchange) -> None:
        """Respond to a request to the API listener."""
        match exchange.path.split("/", 2)[1]:
            case "clusters":
                await self._gateway.serve(exchange)
            case "control":
                await self._control.serve(exchange)
            case _:
                await exchange.answer(
                    Answer(status=404, body=b"404 page not found\n", content_type="text/plain")
                )

    def facts(self, folder: Path, authority: Path, origin: str, ingress_port: int) -> Mapping[str, object]:
        """Write the kubeconfig and `control.json`; return the facts that are announced to the parent."""
        accesses = {
            name: Access(server=f"{origin}/clusters/{name}", token=self._tokens.permanent(name))
            for name in self.clusters
        }
        kubeconfig = folder / "kubeconfig"
        write_kubeconfig(kubeconfig, accesses, authority.read_bytes())
        control = {
            "control": f"{origin}/control",
            "control_token": self._control_token,
            "ca": str(authority),
        }
        write_private(folder / CONTROL_FILE, orjson.dumps(control))
        return {
            **control,
            "kubeconfig": str(kubeconfig),
            "clusters": [{"name": name, "server": access.server} for name, access in accesses.items()],
            "ingress": f"{LOOPBACK}:{ingress_port}",
        }
