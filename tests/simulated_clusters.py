"""Fixtures of the simulator's clusters as Platz reaches them, for the conftest of any test folder to import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from platz.kube.api_resources import NAMESPACE
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig
from platz_sandbox.stand_in_process import StandInProcess

CLUSTERS = ("east", "west")


@dataclass(frozen=True, kw_only=True)
class SimulatedClusters:
    """A running simulator: the facts that it announced, and the access to each cluster by name."""

    facts: Mapping[str, Any]
    access: Mapping[str, ClusterAccess]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedClusters]:
    folder = tmp_path_factory.mktemp("clusters")
    names = [argument for name in CLUSTERS for argument in ("--cluster", name)]
    process = StandInProcess(
        name="clusters",
        module="platz_sandbox.kubernetes",
        arguments=[
            *("--data", str(folder / "data"), "--port", "0", "--ingress-port", "0"),
            *("--ready-seconds", "0.1", "--run-seconds", "0.1"),
            *names,
        ],
        log=folder / "log",
    )
    process.start()
    facts = process.wait_until_ready(seconds=30)
    yield SimulatedClusters(facts=facts, access={name: _access(facts, name) for name in CLUSTERS})
    process.stop(seconds=5)


@pytest.fixture
def east(simulated: SimulatedClusters) -> Iterator[KubeClient]:
    """A client of the first cluster."""
    client = KubeClient(simulated.access["east"])
    yield client
    client.abort()
    client.abort()


@pytest.fixture
def namespace(east: KubeClient) -> Iterator[str]:
    """A namespace in the first cluster for this test only."""
    name = f"test-{uuid4().hex[:12]}"
    east.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    east.delete(NAMESPACE, name=name)


def _access(facts: Mapping[str, Any], context: str) -> ClusterAccess:
    file = Path(facts["kubeconfig"])
    choice = KubeconfigChoice(home=file.parent, file=file, context=context)
    return access_from_kubeconfig(choice, environment={})
