"""One simulator for the whole run, and for each test a namespace of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from any_cluster import IS_REAL, cluster_api, simulated
from executables import Executables, Tool
from simulator_world import Simulator, simulator_process
from waiting import eventually

from platz_sandbox.kubernetes.control import Control

__all__ = ["cluster_api", "simulated"]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("simulator")
    process = simulator_process(folder)
    process.start()
    yield Simulator(facts=process.wait_until_ready(seconds=20), folder=folder)
    process.stop(seconds=5)
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def control(simulator: Simulator) -> Iterator[Control]:
    """The control endpoint; every fault is off again after the test."""
    control = simulator.control
    yield control
    control.switch_off()


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A plain HTTP client of the first cluster, or of the real one."""
    if IS_REAL:
        yield request.getfixturevalue("cluster_api")
        return
    simulator: Simulator = request.getfixturevalue("simulator")
    with simulator.http() as client:
        yield client


@pytest.fixture
def namespace(api: httpx.Client) -> Iterator[str]:
    name = f"test-{uuid4().hex[:10]}"
    api.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
    eventually(lambda: api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default").is_success)
    yield name
    with contextlib.suppress(httpx.HTTPError):
        api.delete(f"/api/v1/namespaces/{name}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real cluster, leave out what only a simulated one has: fault switches, two clusters, short times."""
    if not IS_REAL:
        return
    out = [item for item in items if item.get_closest_marker("simulated") or _needs_simulator(item)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


def _needs_simulator(item: pytest.Item) -> bool:
    names: list[str] = getattr(item, "fixturenames", [])
    return bool({"simulator", "control", "kubectl", "helm"} & set(names))


@pytest.fixture(params=["kubectl 1.35", "kubectl 1.32"])
def kubectl(
    request: pytest.FixtureRequest,
    executables: Executables,
    simulator: Simulator,
    namespace: str,
    tmp_path: Path,
) -> Tool:
    """Each real kubectl in turn, in a namespace of its own."""
    path = executables.kubectl if request.param == "kubectl 1.35" else executables.older_kubectl
    options = (f"--kubeconfig={simulator.kubeconfig}", "--context=east", f"--namespace={namespace}")
    return Tool(path=path, home=tmp_path, options=options)


@pytest.fixture(params=["helm 3", "helm 4"])
def helm(
    request: pytest.FixtureRequest,
    executables: Executables,
    simulator: Simulator,
    namespace: str,
    tmp_path: Path,
) -> Tool:
    """Each real helm in turn, in a namespace of its own."""
    path = executables.helm3 if request.param == "helm 3" else executables.helm4
    options = (f"--kubeconfig={simulator.kubeconfig}", "--kube-context=east", f"--namespace={namespace}")
    return Tool(path=path, home=tmp_path, options=options)
