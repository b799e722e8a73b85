"""Given a Helm run that is interrupted, when the next owner looks at the release, then it can continue."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from chart_package import package
from simulated_clusters import SimulatedClusters
from waiting import eventually

from platz.helm.diagnosis import HelmKilled
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.helm.releases import ReleaseStatus, last_revision, revisions, settle
from platz.json import JsonObject
from platz.kube.api_resources import POD, ResourceKind
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.object_removal import remove_pods
from platz.kube.secret_objects import Secrets
from platz_sandbox.kubernetes.api.faults import Action
from platz_sandbox.kubernetes.control import Control

CONFIG_MAP = ResourceKind(kind="ConfigMap", api_version="v1", plural="configmaps")
CONFIG = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {text: {{ .Values.text | quote }}}\n"
)
SLOW_HOOK = """
apiVersion: v1
kind: Pod
metadata:
  name: slow
  annotations: {helm.sh/hook: "post-install,post-upgrade", sandbox.platz.io/run-seconds: "{{ .Values.seconds }}"}
spec:
  restartPolicy: Never
  containers: [{name: slow, image: "example/slow:1"}]
"""


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelmProcesses]:
    setup = HelmSetup(folder=tmp_path_factory.mktemp("helm"), environment=os.environ)
    processes = HelmProcesses(setup, HelmLimits(grace_seconds=2.0, memory_bytes=384 * 1024 * 1024))
    processes.start()
    yield processes
    processes.close()


@pytest.fixture
def slow_run(tmp_path: Path, namespace: str) -> HelmRun:
    """An install whose objects are soon created and whose hook takes ten minutes."""
    return HelmRun(
        action=HelmAction.INSTALL,
        release=namespace,
        namespace=namespace,
        chart_archive=package(tmp_path, {"config.yaml": CONFIG, "hook.yaml": SLOW_HOOK}),
        values={"text": "first", "seconds": 600},
        description="Platz task 1",
        labels={"platz-task": "1"},
        timeout_seconds=60,
    )


def run(helm: HelmProcesses, client: KubeClient, wanted: HelmRun) -> HelmOutcome:
    return helm.run(wanted, kubeconfig=as_kubeconfig(client.access), owner=client.cluster)


def interrupt(helm: HelmProcesses, client: KubeClient, wanted: HelmRun, text: str) -> None:
    """Kill the run as soon as its objects and its hook exist."""
    ended: list[BaseException] = []

    def work() -> None:
        try:
            run(helm, client, wanted)
        except HelmKilled as error:
            ended.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        eventually(lambda: config_text(client, wanted.namespace) == text, seconds=20)
        eventually(lambda: client.find(POD, name="slow", namespace=wanted.namespace), seconds=20)
    finally:
        helm.kill_owned_by(client.cluster)
        worker.join(timeout=5)
    assert len(ended) == 1


def config_text(client: KubeClient, namespace: str) -> str | None:
    found = client.find(CONFIG_MAP, name="settings", namespace=namespace)
    return None if found is None else str(cast("JsonObject", found["data"])["text"])


def clear(client: KubeClient, namespace: str, action: HelmAction) -> None:
    """Clean up as the next owner does before it runs Helm again."""
    store = Secrets(client)
    found = last_revision(store, namespace=namespace, release=namespace)
    assert found is not None
    remove_pods(client, namespace=namespace, names=found.leftover_pods)
    settle(store, namespace=namespace, release=namespace, action=action, reason="interrupted")


def quick(wanted: HelmRun, **changes: object) -> HelmRun:
    values: JsonObject = {"text": "again", "seconds": 0}
    return dataclasses.replace(wanted, **{"values": values, **changes})  # type: ignore[arg-type]


def test_an_interrupted_install_is_seen_as_such_and_can_be_repeated(
    helm: HelmProcesses, east: KubeClient, namespace: str, slow_run: HelmRun
) -> None:
    interrupt(helm, east, slow_run, "first")
    store = Secrets(east)
    found = last_revision(store, namespace=namespace, release=namespace)
    assert found is not None
    assert found.is_under_way
    assert found.labels["platz-task"] == "1"
    clear(east, namespace, HelmAction.INSTALL)
    outcome = run(helm, east, quick(slow_run))
    assert outcome.ok, outcome.output
    assert outcome.revision == 1
    assert config_text(east, namespace) == "again"


def test_an_interrupted_upgrade_is_marked_failed_and_can_be_repeated(
    helm: HelmProcesses, east: KubeClient, namespace: str, slow_run: HelmRun
) -> None:
    assert run(helm, east, quick(slow_run)).ok
    interrupt(helm, east, dataclasses.replace(slow_run, action=HelmAction.UPGRADE), "first")
    blocked = run(helm, east, quick(slow_run, action=HelmAction.UPGRADE))
    assert "in progress" in blocked.output
    clear(east, namespace, HelmAction.UPGRADE)
    store = Secrets(east)
    outcome = run(helm, east, quick(slow_run, action=HelmAction.UPGRADE))
    assert outcome.ok, outcome.output
    statuses = [found.status for found in revisions(store, namespace=namespace, release=namespace)]
    assert statuses == [ReleaseStatus.SUPERSEDED, ReleaseStatus.FAILED, ReleaseStatus.DEPLOYED]


def test_an_interrupted_run_can_be_uninstalled(
    helm: HelmProcesses, east: KubeClient, namespace: str, slow_run: HelmRun
) -> None:
    interrupt(helm, east, slow_run, "first")
    outcome = run(helm, east, dataclasses.replace(slow_run, action=HelmAction.UNINSTALL))
    assert outcome.ok, outcome.output
    assert config_text(east, namespace) is None
    assert last_revision(Secrets(east), namespace=namespace, release=namespace) is None


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('a: {{ repeat 6000000000 "a" }}', "Helm ran out of memory"),
        ("a: {{ range until 300000000 }}aaaaaaaaaaaaaaaa{{ end }}", "Helm ran out of memory"),
        ('{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}', "x"),
    ],
    ids=["one huge text", "growing text", "endless recursion"],
)
def test_a_chart_that_explodes_ends_its_child_alone_and_says_so(
    helm: HelmProcesses,
    east: KubeClient,
    namespace: str,
    slow_run: HelmRun,
    tmp_path: Path,
    template: str,
    words: str,
) -> None:
    bomb = dataclasses.replace(
        slow_run, chart_archive=package(tmp_path, {"bomb.yaml": template}, name="bomb")
    )
    outcome = run(helm, east, bomb)
    assert not outcome.ok
    assert words in outcome.output
    assert len(outcome.output) < 40_000
    assert run(helm, east, quick(slow_run)).ok


def test_a_template_without_end_is_stopped_by_the_deadline(
    helm: HelmProcesses, east: KubeClient, slow_run: HelmRun, tmp_path: Path
) -> None:
    template = "{{ range until 2000000 }}{{ range until 100000 }}{{ end }}{{ end }}"
    wanted = dataclasses.replace(
        slow_run, chart_archive=package(tmp_path, {"loop.yaml": template}, name="loop"), timeout_seconds=1
    )
    outcome = run(helm, east, wanted)
    assert outcome.output == "Helm did not finish within 1 s and was stopped."


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"action": Action.STATUS, "code": 401}, "credentials"),
        ({"action": Action.STATUS, "code": 503, "verb": "create"}, ""),
    ],
    ids=["refused token", "refused writes"],
)
def test_a_cluster_that_fails_fails_the_run_with_its_reason(
    helm: HelmProcesses,
    east: KubeClient,
    simulated: SimulatedClusters,
    slow_run: HelmRun,
    options: dict[str, object],
    words: str,
) -> None:
    control = Control.of(simulated.facts)
    with control.fault(cluster="east", **options):  # type: ignore[arg-type]
        outcome = run(helm, east, quick(slow_run))
    assert not outcome.ok
    assert outcome.output
    assert words in outcome.output
