"""The cluster that conformance tests run on: a simulated one, or the real one of `make test-cluster`.

Invariant: whichever it is, a test gets a namespace of its own, which is gone when its session ends.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest
from executables import NEWER, unpack
from simulated_clusters import SimulatedClusters, simulated
from waiting import eventually

__all__ = ["cluster_api", "cluster_namespace", "simulated"]

KUBECONFIG = os.environ.get("PLATZ_TEST_KUBECONFIG")
"""The kubeconfig of a real cluster, of which the current context is used; unset for a simulated one."""
IS_REAL = KUBECONFIG is not None
_SERVING = re.compile(r"Starting to serve on (\S+)")


@contextlib.contextmanager
def real_api(kubeconfig: str, folder: Path) -> Iterator[httpx.Client]:
    """Yield a client of a kubeconfig's cluster. `kubectl proxy` signs in, whatever way of signing in the file names."""
    kubectl = unpack(NEWER, "kubectl", folder)
    command = [kubectl, f"--kubeconfig={kubeconfig}", "proxy", "--port=0", "--reject-methods=^$"]
    environment = {**os.environ, "HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as proxy:
        try:
            said = proxy.stdout.readline() if proxy.stdout else ""
            address = _SERVING.search(said)
            assert address, f"kubectl can't reach the cluster of {kubeconfig}: {said}"
            with httpx.Client(base_url=f"http://{address[1]}", timeout=30) as client:
                yield client
        finally:
            proxy.terminate()


@pytest.fixture(scope="session")
def cluster_api(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A plain HTTP client of the cluster."""
    if KUBECONFIG:
        with real_api(KUBECONFIG, tmp_path_factory.mktemp("proxy")) as client:
            yield client
        return
    clusters: SimulatedClusters = request.getfixturevalue("simulated")
    kubeconfig = orjson.loads(Path(clusters.facts["kubeconfig"]).read_bytes())
    token = next(user["user"]["token"] for user in kubeconfig["users"] if user["name"] == "east")
    server = next(c["server"] for c in clusters.facts["clusters"] if c["name"] == "east")
    headers = {"authorization": f"Bearer {token}"}
    trust = ssl.create_default_context(cafile=clusters.facts["ca"])
    with httpx.Client(base_url=server, verify=trust, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def cluster_namespace(cluster_api: httpx.Client) -> Iterator[str]:
    """A namespace for the whole session, deleted at its end."""
    name = f"platz-conformance-{uuid4().hex[:8]}"
    made = cluster_api.post("/api/v1/namespaces", json={"metadata": {"name": name}})
    made.raise_for_status()
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    eventually(lambda: cluster_api.get(account).is_success, seconds=30)
    yield name
    cluster_api.delete(f"/api/v1/namespaces/{name}")
