"""The real helm executables, and the Helm SDK in a child process, against the simulator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from chart_for_simulator import write_chart
from executables import Executables, Tool
from simulator_world import Simulator

from platz_sandbox import demo_charts

CHARTS = Path(demo_charts.__file__).parent / "charts"
SDK = Path(__file__).with_name("helm_sdk_walk.py")


@pytest.fixture
def chart(tmp_path: Path) -> str:
    return str(write_chart(tmp_path))


def available(api: httpx.Client, namespace: str, name: str = "rel") -> int:
    answer = api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return int(answer.raise_for_status().json()["status"].get("availableReplicas", 0))


def test_install_waits_until_everything_is_ready(
    helm: Tool, api: httpx.Client, namespace: str, chart: str
) -> None:
    printed = helm.run("install", "rel", chart, "--wait", "--wait-for-jobs", "--timeout=30s")

    assert "STATUS: deployed" in printed
    assert available(api, namespace) == 2
    assert api.get(f"/apis/batch/v1/namespaces/{namespace}/jobs").json()["items"] == []


def test_upgrade_history_rollback_test_and_uninstall(
    helm: Tool, api: httpx.Client, namespace: str, chart: str
) -> None:
    helm.run("install", "rel", chart, "--wait", "--timeout=30s")
    helm.run("upgrade", "rel", chart, "--set=replicas=3,note=second", "--wait", "--timeout=30s")
    assert available(api, namespace) == 3
    helm.run("rollback", "rel", "1", "--wait", "--timeout=30s")
    history = json.loads(helm.run("history", "rel", "-o", "json"))
    helm.run("test", "rel", "--timeout=30s")
    helm.run("uninstall", "rel", "--wait", "--timeout=30s")

    assert [entry["status"] for entry in history] == ["superseded", "superseded", "deployed"]
    assert api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments").json()["items"] == []


def test_upgrade_install_creates_its_namespace(
    helm: Tool, api: httpx.Client, namespace: str, chart: str
) -> None:
    fresh = Tool(path=helm.path, home=helm.home, options=(*helm.options[:2], f"--namespace={namespace}-new"))

    fresh.run("upgrade", "--install", "rel", chart, "--create-namespace", "--wait", "--timeout=30s")

    assert available(api, f"{namespace}-new") == 2
    api.delete(f"/api/v1/namespaces/{namespace}-new")


def test_a_failing_hook_fails_the_install(helm: Tool, chart: str) -> None:
    failed = helm.try_run("install", "rel", chart, "--set=hookExit=1", "--timeout=30s")

    assert failed.returncode != 0
    assert "pre-install" in failed.stderr
    assert "failed" in helm.run("status", "rel")


def test_an_image_that_never_becomes_ready_times_out(helm: Tool, chart: str) -> None:
    failed = helm.try_run(
        "install", "rel", chart, "--set=image=registry.example/never-ready:1", "--wait", "--timeout=2s"
    )

    assert failed.returncode != 0
    assert "failed" in helm.run("status", "rel")


def test_a_release_reads_back_its_manifest_and_values(helm: Tool, chart: str) -> None:
    helm.run("install", "rel", chart, "--set=note=kept")

    assert "note: kept" in helm.run("get", "values", "rel")
    assert "kind: StatefulSet" in helm.run("get", "manifest", "rel")
    assert json.loads(helm.run("list", "-o", "json"))[0]["name"] == "rel"


def test_the_server_dry_run_leaves_nothing(helm: Tool, api: httpx.Client, namespace: str, chart: str) -> None:
    helm.run("install", "rel", chart, "--dry-run=server")

    assert api.get(f"/api/v1/namespaces/{namespace}/secrets").json()["items"] == []


def test_the_sdk_walks_through_a_release(simulator: Simulator, namespace: str, chart: str) -> None:
    arguments = [str(simulator.kubeconfig), "east", namespace, chart]

    done = subprocess.run(
        [sys.executable, str(SDK), *arguments], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    walk: dict[str, Any] = json.loads(done.stdout)
    assert walk["installed"] == ["deployed", 1]
    assert walk["upgraded"] == ["deployed", 2]
    assert walk["history"] == ["superseded", "superseded", "deployed"]
    assert "pre-install" in walk["hook_failure"]
    assert "deadline" in walk["never_ready"] or "timed out" in walk["never_ready"]
    assert walk["left"] == []


@pytest.mark.parametrize(
    "chart_name", ["web-shop", "registry-cache", "storefront", "chaos-monkey", "guestbook"]
)
def test_every_demo_chart_comes_up_behind_the_ingress(
    executables: Executables, simulator: Simulator, namespace: str, tmp_path: Path, chart_name: str
) -> None:
    host = f"{namespace}.east.platz.localhost"
    ingress = {"enabled": True, "className": "sandbox", "tls": [],
               "hosts": [{"host": host, "paths": [{"path": "/", "pathType": "Prefix"}]}]}  # fmt: skip
    platz = {
        "deployment_name": "blue",
        "cluster_name": "east",
        "cluster": {"ingress_domain": "platz.localhost"},
    }
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"platz": platz, "nodeSelector": {}, "tolerations": [], "ingress": ingress}))
    options = (f"--kubeconfig={simulator.kubeconfig}", "--kube-context=east", f"--namespace={namespace}")
    helm = Tool(path=executables.helm4, home=tmp_path, options=options)

    helm.run("install", "demo", str(CHARTS / chart_name), "-f", str(values), "--wait", "--timeout=30s")

    with simulator.ingress() as client:
        answer = client.get("/", headers={"host": host}, extensions={"sni_hostname": host})
    assert answer.status_code == 200
