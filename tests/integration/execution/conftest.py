"""Releases as an operation runs them, with each engine, in a simulated cluster."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from executables import Executables
from simulated_clusters import east, namespace, simulated

from platz.charts.documents.features import OutsideChanges
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.json import JsonObject, JsonValue
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.transport import KubeRequest
from platz.tasks.releasing.helm_runs import ReleaseRun, run_release

__all__ = ["east", "namespace", "simulated"]

ENGINES = ("sdk", "helm 4", "helm 3")


class Shop:
    """A release in a namespace of its own, which Platz upgrades and somebody else changes."""

    def __init__(self, processes: HelmProcesses, client: KubeClient, namespace: str, folder: Path) -> None:
        self._processes = processes
        self._folder = folder
        self.client = client
        self.namespace = namespace
        self.policy = OutsideChanges.TAKE_OVER
        self.runs: list[HelmRun] = []

    def run(self, action: HelmAction, templates: Mapping[str, str], **values: JsonValue) -> HelmOutcome:
        wanted = HelmRun(
            action=action,
            release=self.namespace,
            namespace=self.namespace,
            chart_archive=packaged(self._folder, templates),
            values=values,
            timeout_seconds=30,
        )
        run = ReleaseRun(client=self.client, run_helm=self.helm, wanted=wanted, policy=self.policy)
        return run_release(run)

    def install(self, templates: Mapping[str, str], **values: JsonValue) -> HelmOutcome:
        return succeeded(self.run(HelmAction.INSTALL, templates, **values))

    def upgrade(self, templates: Mapping[str, str], **values: JsonValue) -> HelmOutcome:
        return succeeded(self.run(HelmAction.UPGRADE, templates, **values))

    def helm(self, run: HelmRun) -> HelmOutcome:
        self.runs.append(run)
        return self._processes.run(run, kubeconfig=as_kubeconfig(self.client.access))

    def live(self, kind: ResourceKind, name: str = "web") -> Any:
        return self.client.get(kind, name=name, namespace=self.namespace if kind.namespaced else None)

    def patch(
        self,
        kind: ResourceKind,
        patch: Any,
        *,
        manager: str = "kubectl-edit",
        name: str = "web",
        subresource: str = "",
        how: str = "strategic-merge-patch",
    ) -> None:
        """Change an object as another program does."""
        path = kind.path(namespace=self.namespace if kind.namespaced else None, name=name) + subresource
        self.send("PATCH", path, patch, manager=manager, content_type=f"application/{how}+json")

    def send(self, method: str, path: str, body: Any, *, manager: str, content_type: str) -> None:
        request = KubeRequest(
            method=method,
            path=path,
            parameters={"fieldManager": manager},
            body=body,
            content_type=content_type,
        )
        self.client._transport.answer(request)


def succeeded(outcome: HelmOutcome) -> HelmOutcome:
    assert outcome.ok, f"{outcome.output}\n{outcome.log}"
    return outcome


def packaged(folder: Path, templates: Mapping[str, str]) -> Path:
    """Package a chart of these files; names without a folder are templates."""
    files = {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        **{(file if "/" in file else f"templates/{file}"): text for file, text in templates.items()},
    }
    path = folder / "shop.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            entry = tarfile.TarInfo(f"shop/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


@pytest.fixture(scope="session")
def start_engine(
    tmp_path_factory: pytest.TempPathFactory, executables: Executables
) -> Iterator[Callable[[str], HelmProcesses]]:
    """Give the Helm children of an engine; each is started once."""
    started: dict[str, HelmProcesses] = {}
    paths: dict[str, Callable[[], Path]] = {
        "helm 3": lambda: executables.helm3,
        "helm 4": lambda: executables.helm4,
    }

    def start(name: str) -> HelmProcesses:
        if name not in started:
            executable = paths[name]() if name in paths else None
            folder = tmp_path_factory.mktemp("helm")
            setup = HelmSetup(folder=folder, environment=os.environ, executable=executable)
            started[name] = HelmProcesses(setup, HelmLimits())
        return started[name]

    yield start
    for processes in started.values():
        processes.close()


@pytest.fixture(params=ENGINES)
def shop(
    request: pytest.FixtureRequest,
    start_engine: Callable[[str], HelmProcesses],
    east: KubeClient,
    namespace: str,
    tmp_path: Path,
) -> Shop:
    return Shop(start_engine(cast("str", request.param)), east, namespace, tmp_path)


@pytest.fixture
def sdk_shop(
    start_engine: Callable[[str], HelmProcesses], east: KubeClient, namespace: str, tmp_path: Path
) -> Shop:
    """A release of the SDK engine, for what does not depend on the engine."""
    return Shop(start_engine("sdk"), east, namespace, tmp_path)


def part(document: JsonObject, *path: str) -> Any:
    """Return what is at a path of keys."""
    found: Any = document
    for key in path:
        found = found[key]
    return found
