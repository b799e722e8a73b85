"""The process: start, kill, restart, folders, ports, certificates."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from simulator_world import Simulator, simulator_process, workload
from waiting import eventually

from platz_sandbox.kubernetes.control import Control
from platz_sandbox.stand_in_process import StandInFailed, StandInProcess


class Restarted:
    """Simulators on one folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: StandInProcess | None = None

    def start(self, *extra: str) -> Simulator:
        self.process = simulator_process(self.folder, *extra)
        self.process.start()
        return Simulator(facts=self.process.wait_until_ready(seconds=20), folder=self.folder)

    def kill(self) -> None:
        assert self.process
        assert self.process._process
        os.kill(self.process._process.pid, signal.SIGKILL)
        self.process.stop(seconds=5)


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[Restarted]:
    restarted = Restarted(tmp_path)
    yield restarted
    if restarted.process:
        restarted.process.stop(seconds=5)


def deployment(client: httpx.Client) -> dict[str, Any]:
    return client.get("/apis/apps/v1/namespaces/default/deployments/web").raise_for_status().json()


def test_a_kill_in_a_rollout_loses_nothing_and_the_rollout_goes_on(restarted: Restarted) -> None:
    first = restarted.start("--ready-seconds", "1.5")
    with first.http() as client:
        made = client.post("/apis/apps/v1/namespaces/default/deployments", json=workload(replicas=3)).json()
        eventually(lambda: len(client.get("/api/v1/namespaces/default/pods").json()["items"]) == 3)
        pods = client.get("/api/v1/namespaces/default/pods").json()
    restarted.kill()

    second = restarted.start()

    with second.http() as client:
        again = client.get("/api/v1/namespaces/default/pods").json()
        assert int(again["metadata"]["resourceVersion"]) >= int(pods["metadata"]["resourceVersion"])
        assert deployment(client)["metadata"]["uid"] == made["metadata"]["uid"]
        eventually(lambda: deployment(client)["status"].get("availableReplicas") == 3)
        kept = {
            pod["metadata"]["uid"] for pod in client.get("/api/v1/namespaces/default/pods").json()["items"]
        }
        assert kept == {pod["metadata"]["uid"] for pod in pods["items"]}


def test_tokens_authority_and_custom_kinds_survive(restarted: Restarted) -> None:
    names = {"plural": "boxes", "kind": "Box"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    spec = {"group": "example.org", "scope": "Cluster", "names": names, "versions": [version]}
    first = restarted.start()
    ca, token = Path(first.facts["ca"]).read_bytes(), first.token()
    with first.http() as client:
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        client.post(
            definitions, json={"metadata": {"name": "boxes.example.org"}, "spec": spec}
        ).raise_for_status()
        client.post("/apis/example.org/v1/boxes", json={"metadata": {"name": "b"}}).raise_for_status()
    restarted.kill()

    second = restarted.start()

    assert (Path(second.facts["ca"]).read_bytes(), second.token()) == (ca, token)
    with second.http() as client:
        assert client.get("/apis/example.org/v1/boxes/b").status_code == 200


def test_a_terminating_namespace_goes_after_the_restart(restarted: Restarted) -> None:
    first = restarted.start("--terminate-seconds", "60")
    with first.http() as client:
        client.post("/api/v1/namespaces", json={"metadata": {"name": "leaving"}})
        client.delete("/api/v1/namespaces/leaving")
    restarted.kill()

    with restarted.start().http() as client:
        eventually(lambda: client.get("/api/v1/namespaces/leaving").status_code == 404)


def test_its_folder_tells_how_to_control_it(simulator: Simulator) -> None:
    control = Control.of_folder(simulator.kubeconfig.parent)

    with control.fault("latency", cluster="nobody", seconds=1):
        assert [fault["cluster"] for fault in control.faults()] == ["nobody"]


def test_the_kubeconfig_is_private_and_names_the_clusters(simulator: Simulator) -> None:
    assert stat.S_IMODE(simulator.kubeconfig.stat().st_mode) == 0o600
    folder = simulator.kubeconfig.parent
    keys = [folder / "control.json", *(path for path in folder.iterdir() if "key" in path.name)]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)
    assert [cluster["name"] for cluster in simulator.facts["clusters"]] == ["east", "west"]


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = simulator_process(tmp_path, "--port", str(taken.getsockname()[1]))
        process.start()

        with pytest.raises(
            StandInFailed, match=r"Port \d+ of 127.0.0.1 can't be used: Address already in use"
        ):
            process.wait_until_ready(seconds=20)


def test_a_folder_in_use_is_told_in_one_line(simulator: Simulator) -> None:
    process = simulator_process(simulator.folder)
    process.start()

    with pytest.raises(StandInFailed, match="Another simulator uses the folder"):
        process.wait_until_ready(seconds=20)


def test_a_broken_state_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.sqlite").write_bytes(
        b"this is no database, and long enough to be looked at" * 100
    )
    process = simulator_process(tmp_path)
    process.start()

    with pytest.raises(StandInFailed, match="can't be read or written: file is not a database"):
        process.wait_until_ready(seconds=20)


def test_it_ends_with_its_parents_pipe_even_while_watched(restarted: Restarted) -> None:
    simulator = restarted.start()
    with simulator.http() as client, client.stream("GET", "/api/v1/secrets", params={"watch": "1"}) as answer:
        assert answer.status_code == 200
        assert restarted.process
        child = restarted.process._process
        assert child
        restarted.process.stop(seconds=5)
        assert child.returncode == 0


def test_a_strange_cluster_name_is_refused(tmp_path: Path) -> None:
    process = simulator_process(tmp_path, "--cluster", "../etc")
    process.start()

    with pytest.raises(StandInFailed, match="is no cluster name"):
        process.wait_until_ready(seconds=20)


def test_a_settled_cluster_writes_nothing(restarted: Restarted) -> None:
    with restarted.start().http() as client:
        for kind, plural in (
            ("Deployment", "deployments"),
            ("StatefulSet", "statefulsets"),
            ("DaemonSet", "daemonsets"),
        ):
            document = workload(name=plural, kind=kind)
            if kind == "DaemonSet":
                del document["spec"]["replicas"]
            client.post(f"/apis/apps/v1/namespaces/default/{plural}", json=document).raise_for_status()
        never = workload(name="never", image="registry.example/never-ready:1")
        client.post("/apis/apps/v1/namespaces/default/deployments", json=never).raise_for_status()

        def versions() -> set[str]:
            pages = [client.get("/api/v1/pods", params={"limit": "1"}).json() for _ in range(100)]
            return {page["metadata"]["resourceVersion"] for page in pages}

        def phases() -> list[str]:
            return [pod["status"]["phase"] for pod in client.get("/api/v1/pods").json()["items"]]

        eventually(lambda: phases() == ["Running"] * 8)
        eventually(lambda: len(versions()) == 1)


def ready(api: httpx.Client, path: str) -> int:
    return api.get(f"{path}/web").json().get("status", {}).get("readyReplicas", 0)


def test_control_loops_that_are_slow_leave_the_status_behind_for_a_while(tmp_path: Path) -> None:
    process = simulator_process(tmp_path, "--control-seconds", "0.5")
    process.start()
    try:
        slow = Simulator(facts=process.wait_until_ready(seconds=20), folder=tmp_path)
        path = "/apis/apps/v1/namespaces/default/deployments"
        with slow.http() as api:
            api.post(path, json=workload()).raise_for_status()
            assert "observedGeneration" not in api.get(f"{path}/web").json().get("status", {})
            eventually(lambda: ready(api, path) == 2, seconds=20)

            headers = {"content-type": "application/merge-patch+json"}
            api.patch(f"{path}/web", content=b'{"spec":{"replicas":3}}', headers=headers).raise_for_status()
            behind = api.get(f"{path}/web").json()

            assert behind["status"]["observedGeneration"] < behind["metadata"]["generation"]
            assert behind["status"]["readyReplicas"] == 2
            eventually(lambda: ready(api, path) == 3, seconds=20)
    finally:
        process.stop(seconds=5)
