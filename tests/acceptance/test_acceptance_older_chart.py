"""The older install chart with the image swapped: five processes with its commands and environment, one database."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest
from acceptance.outside import Outside
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess, free_ports
from repository import ROOT
from waiting import eventually

MIB = 1024 * 1024
MEMORY_MIB = {
    "platz-api": 512,
    "platz-k8s-agent": 1024,
    "platz-chart-discovery": 256,
    "platz-status-updates": 256,
    "platz-resource-sync": 256,
}
"""The limits of the chart, by command: docs/contract/workers.md, "Workloads of the older install chart"."""

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "platz-api": ("run", "--admin-email=admin@platz.localhost"),
    "platz-k8s-agent": (),
    "platz-chart-discovery": ("--enable-tag-parser",),
    "platz-status-updates": (),
    "platz-resource-sync": (),
}


class OlderInstallation:
    """One process for each workload of the chart, with health ports as the image sets them."""

    def __init__(self, folder: Path, outside: Outside, api_port: int) -> None:
        self.processes: dict[str, PlatzProcess] = {}
        self.health: dict[str, str] = {}
        for name in COMMANDS:
            port = free_ports()["API_PORT"]
            self.health[name] = f"http://127.0.0.1:{port}"
            script = _script(folder, name)
            process = PlatzProcess(folder / name, program=[sys.executable, script])
            process.settings = {
                **_environment(name, outside.settings),
                "API_PORT": str(api_port),
                "PLATZ_HEALTH_PORT": str(port),
                "PLATZ_DATA_DIR": str(process.data),
                "PYTHONPATH": str(ROOT),
            }
            self.processes[name] = process

    def start(self) -> None:
        for name, process in self.processes.items():
            process.spawn(*COMMANDS[name])
        for name in self.processes:
            eventually(lambda name=name: self._is_ready(name), seconds=60)

    def memory(self, name: str) -> int:
        """Return the memory in bytes that a process and its children take; what they share counts for each."""
        root = psutil.Process(self.processes[name].pid)
        return sum(each.memory_info().rss for each in (root, *root.children(recursive=True)))

    def stop(self) -> None:
        for process in self.processes.values():
            process.signal(15)
        assert {name: process.wait() for name, process in self.processes.items()} == dict.fromkeys(
            COMMANDS, 0
        )

    def sweep(self) -> None:
        for process in self.processes.values():
            process.sweep()

    def _is_ready(self, name: str) -> bool:
        process = self.processes[name]
        assert process.is_alive(), process.log[-4000:]
        try:
            return httpx.get(f"{self.health[name]}/readyz").status_code == 200
        except httpx.TransportError:
            return False


def _script(folder: Path, name: str) -> Path:
    """Write what pip installs as the command of an entry point."""
    function = name.removeprefix("platz-").replace("-", "_")
    script = folder / f"{name}.py"
    script.write_text(f"import sys\nfrom platz.entry_points import {function}\nsys.exit({function}())\n")
    return script


def _environment(name: str, real: Mapping[str, str]) -> dict[str, str]:
    """Return the chart's environment, with the parts of `extraEnv` that put a kubeconfig and a registry for AWS."""
    server = real["DATABASE_URL"].rsplit("@", 1)[1].split("/")[0]
    host, port = server.split(":")
    common = {
        "PGHOST": host,
        "PGPORT": port,
        "PGUSER": "postgres",
        "PGPASSWORD": "postgres",
        "PGDATABASE": "platz",
        "PLATZ_OWN_URL": real["PLATZ_OWN_URL"] if name in {"platz-api", "platz-k8s-agent"} else "",
        "RUST_BACKTRACE": "1",
        "RUST_LOG": "debug,hyper=error,rustls=error,tower=error",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    }
    own: Mapping[str, Mapping[str, str]] = {
        "platz-api": {key: value for key, value in real.items() if key.startswith("OIDC_")},
        "platz-k8s-agent": {
            "PLATZ_HELM_IMAGE": "platzio/base:v8",
            "PLATZ_SELF_NAMESPACE": "platz",
            "PLATZ_SELF_SERVICE_ACCOUNT_NAME": "platz-k8s-agent-default",
            **{key: value for key, value in real.items() if key.startswith(("PLATZ_CLUSTER", "PLATZ_LOCAL"))},
        },
        "platz-chart-discovery": {
            "PLATZ_REGISTRY_PROVIDER": "oci",
            "PLATZ_OCI_REGISTRY_URL": real["PLATZ_OCI_REGISTRY_URL"],
        },
    }
    return {**common, **own.get(name, {})}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[OlderInstallation]:
    port = free_ports()["API_PORT"]
    outside = Outside(tmp_path, own_url=f"http://127.0.0.1:{port}")
    try:
        outside.start()
        installation = OlderInstallation(tmp_path, outside, port)
        try:
            yield installation
        finally:
            installation.sweep()
    finally:
        outside.stop()


def test_a_deployment_is_installed_within_the_memory_of_the_chart(installation: OlderInstallation) -> None:
    installation.start()
    with signed_in(installation.processes["platz-api"].settings["PLATZ_OWN_URL"]) as admin:
        cluster = admin.cluster("east")
        (env,) = admin.items("/envs")
        admin.put(f"/k8s-clusters/{cluster['id']}", {**cluster, "ignore": False, "env_id": env["id"]})
        made = admin.deploy("guestbook", "0.3.0", name="swapped", config={"title": "Hi"})
        admin.running(made["id"])

    memory = {name: installation.memory(name) // MIB for name in COMMANDS}
    assert {name: used for name, used in memory.items() if used >= MEMORY_MIB[name]} == {}
    for name, url in installation.health.items():
        assert httpx.get(f"{url}/status").json() == "ok"
        assert "platz_leases_held" in httpx.get(f"{url}/metrics").text, name
        helm = installation.processes[name].find("platz.helm.child")
        assert bool(helm) == (name == "platz-k8s-agent")
    installation.stop()
