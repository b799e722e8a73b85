"""What Platz asks of Helm means the same in both engines: the SDK, and an executable of version 3 or 4."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.process_pool import HelmProcesses
from platz.helm.releases import ReleaseStatus, last_revision, revisions
from platz.json import JsonObject
from platz.kube.api_resources import SECRET, ResourceKind
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.secret_objects import Secrets

CONFIG_MAP = ResourceKind(kind="ConfigMap", api_version="v1", plural="configmaps")
DEPLOYMENT = ResourceKind(kind="Deployment", api_version="apps/v1", plural="deployments")

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  text: {{ .Values.text | quote }}
  number: {{ .Values.number | quote }}
  fraction: {{ .Values.fraction | quote }}
  nested: {{ toJson .Values.nested | quote }}
  dropped: {{ hasKey .Values "dropped" | quote }}
  release: "{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Revision }}"
"""
DEFAULTS = "text: default\nnumber: 1\nfraction: 0.5\nnested: {a: 1, b: 2}\ndropped: here\n"
NOTES = 'Visit {{ .Values.text }} with {{ .Values.password | default "none" }}.'
HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {{ toJson .Values.marks }}
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "example/migrate:1"}]
"""
NEVER_READY = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "example/never-ready:1"}]
"""

MakeChart = Callable[..., Path]


class Helm:
    """One engine in one namespace."""

    def __init__(self, processes: HelmProcesses, client: KubeClient, namespace: str) -> None:
        self._processes = processes
        self.client = client
        self.namespace = namespace
        self.store = Secrets(client)

    def run(self, action: HelmAction, chart: Path | None = None, **more: Any) -> HelmOutcome:
        run = HelmRun(
            action=action,
            release=self.namespace,
            namespace=self.namespace,
            chart_archive=chart,
            **{"timeout_seconds": 20, **more},
        )
        return self._processes.run(run, kubeconfig=as_kubeconfig(self.client.access))

    def install(self, chart: Path, **more: Any) -> HelmOutcome:
        return self.run(HelmAction.INSTALL, chart, **more)

    def upgrade(self, chart: Path, **more: Any) -> HelmOutcome:
        return self.run(HelmAction.UPGRADE, chart, **more)

    def uninstall(self, **more: Any) -> HelmOutcome:
        return self.run(HelmAction.UNINSTALL, **more)

    def data(self, name: str = "settings") -> Mapping[str, str]:
        found = self.client.get(CONFIG_MAP, name=name, namespace=self.namespace)
        return cast("Mapping[str, str]", found["data"])

    def managers(self, name: str = "settings") -> set[str]:
        found = self.client.get(CONFIG_MAP, name=name, namespace=self.namespace)
        entries = cast("list[JsonObject]", cast("JsonObject", found["metadata"])["managedFields"])
        return {str(entry["manager"]) for entry in entries}


@pytest.fixture
def helm(engine: HelmProcesses, east: KubeClient, namespace: str) -> Helm:
    return Helm(engine, east, namespace)


def succeeded(outcome: HelmOutcome) -> HelmOutcome:
    assert outcome.ok, f"{outcome.output}\n{outcome.log}"
    return outcome


def test_an_install_makes_the_objects_and_the_first_revision(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG, "NOTES.txt": NOTES})
    outcome = succeeded(helm.install(chart))
    assert outcome.revision == 1
    assert outcome.output == (
        f"Release {helm.namespace}, revision 1: deployed.\n\n"
        "1 objects:\n  ConfigMap: settings\n\nNotes:\nVisit default with none."
    )
    assert helm.data()["release"] == f"{helm.namespace} {helm.namespace} 1"


def test_values_reach_the_templates_with_the_override_on_top(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    values: JsonObject = {
        "text": 'a "quoted"\nline: {}',
        "number": 8080,
        "nested": {"a": [1, None, True], "c": "x"},
    }
    override: JsonObject = {"nested": {"c": "y"}, "fraction": 0.25, "dropped": None}
    succeeded(helm.install(chart, values=values, values_override=override))
    data = helm.data()
    assert data["text"] == 'a "quoted"\nline: {}'
    assert data["number"] == "8080"
    assert data["fraction"] == "0.25"
    assert data["nested"] == '{"a":[1,null,true],"b":2,"c":"y"}'
    assert data["dropped"] == "false"


def test_an_upgrade_makes_the_next_revision_and_does_not_remember_values(
    helm: Helm, make_chart: MakeChart
) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart, values={"text": "first"}))
    outcome = succeeded(helm.upgrade(chart, values={"number": 2}))
    assert outcome.revision == 2
    assert helm.data()["text"] == "default"
    assert helm.data()["number"] == "2"


def test_an_upgrade_installs_what_is_not_there(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    assert succeeded(helm.upgrade(chart)).revision == 1


def test_an_install_over_a_release_fails(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart))
    outcome = helm.install(chart)
    assert not outcome.ok
    assert "name" in outcome.output
    assert "in use" in outcome.output


def test_a_missing_namespace_fails(engine: HelmProcesses, east: KubeClient, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    outcome = Helm(engine, east, "not-there").upgrade(chart)
    assert not outcome.ok
    assert 'namespaces "not-there" not found' in outcome.output


def test_a_dry_run_renders_and_changes_nothing(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.upgrade(chart, dry_run=True))
    assert helm.client.find(CONFIG_MAP, name="settings", namespace=helm.namespace) is None
    assert revisions(helm.store, namespace=helm.namespace, release=helm.namespace) == []
    broken = make_chart(values=DEFAULTS, templates={"config.yaml": '{{ fail "no such shop" }}'})
    outcome = helm.upgrade(broken, dry_run=True)
    assert not outcome.ok
    assert "no such shop" in outcome.output


def test_an_uninstall_removes_objects_and_history(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart))
    succeeded(helm.uninstall())
    assert helm.client.find(CONFIG_MAP, name="settings", namespace=helm.namespace) is None
    assert revisions(helm.store, namespace=helm.namespace, release=helm.namespace) == []


def test_an_uninstall_of_nothing_is_a_success(helm: Helm) -> None:
    assert succeeded(helm.uninstall()).output == ""


def test_description_and_labels_are_kept_with_the_revision(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart, description="Platz task 1", labels={"platz-task": "1"}))
    succeeded(helm.upgrade(chart, description="Platz task 2", labels={"platz-task": "2"}))
    found = last_revision(helm.store, namespace=helm.namespace, release=helm.namespace)
    assert found is not None
    assert (found.number, found.status) == (2, ReleaseStatus.DEPLOYED)
    assert found.description == "Platz task 2"
    assert found.labels["platz-task"] == "2"


def test_only_the_last_ten_revisions_are_kept(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    for _ in range(12):
        succeeded(helm.upgrade(chart))
    found = revisions(helm.store, namespace=helm.namespace, release=helm.namespace)
    assert [revision.number for revision in found] == list(range(3, 13))


def test_hooks_are_waited_for(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values="marks: {}\n", templates={"hook.yaml": HOOK})
    outcome = succeeded(helm.install(chart))
    job = helm.client.get(
        ResourceKind(kind="Job", api_version="batch/v1", plural="jobs"),
        name="migrate",
        namespace=helm.namespace,
    )
    assert cast("JsonObject", job["status"])["succeeded"] == 1
    assert outcome.revision == 1


def test_a_hook_that_fails_fails_the_run_and_is_named(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values='marks: {sandbox.platz.io/exit-code: "1"}\n', templates={"hook.yaml": HOOK})
    outcome = helm.install(chart, labels={"platz-task": "1"})
    assert not outcome.ok
    assert "migrate" in outcome.output
    found = last_revision(helm.store, namespace=helm.namespace, release=helm.namespace)
    assert found is not None
    assert found.status is ReleaseStatus.FAILED
    assert found.labels["platz-task"] == "1"


def test_a_hook_that_takes_too_long_is_given_up(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values='marks: {sandbox.platz.io/run-seconds: "600"}\n', templates={"hook.yaml": HOOK})
    outcome = helm.install(chart, timeout_seconds=1)
    assert not outcome.ok
    assert outcome.output.startswith("Helm gave up after 1 s")


def test_workloads_are_not_waited_for_unless_it_is_asked(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(templates={"web.yaml": NEVER_READY})
    succeeded(helm.install(chart))
    outcome = helm.upgrade(chart, wait=True, timeout_seconds=1)
    assert not outcome.ok
    assert outcome.output.startswith("Helm gave up after 1 s")


def test_an_upgrade_goes_on_from_a_failed_install(helm: Helm, make_chart: MakeChart) -> None:
    broken = make_chart(values='marks: {sandbox.platz.io/exit-code: "1"}\n', templates={"hook.yaml": HOOK})
    assert not helm.install(broken).ok
    good = make_chart(version="1.0.1", values=DEFAULTS, templates={"config.yaml": CONFIG})
    assert succeeded(helm.upgrade(good)).revision == 2


def test_a_template_that_fails_is_told_with_its_place(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(templates={"bad.yaml": '{{ fail "no shop without a name" }}'})
    outcome = helm.install(chart)
    assert not outcome.ok
    assert "no shop without a name" in outcome.output
    assert "bad.yaml" in outcome.output
    assert revisions(helm.store, namespace=helm.namespace, release=helm.namespace) == []


def test_a_broken_archive_is_told(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "broken.tgz").write_bytes(b"not a chart")
    outcome = helm.install(tmp_path / "broken.tgz")
    assert not outcome.ok
    assert outcome.output


def test_declared_secrets_and_the_clusters_token_are_in_nothing_that_comes_out(
    helm: Helm, make_chart: MakeChart
) -> None:
    chart = make_chart(
        values=DEFAULTS,
        templates={
            "config.yaml": CONFIG,
            "NOTES.txt": NOTES,
            "fail.yaml": "{{ if .Values.explode }}{{ fail (b64enc .Values.password) }}{{ end }}",
        },
    )
    secret = "correct horse battery"
    token = helm.client.access.credentials.current().token
    assert token is not None
    for explode in (True, False):
        outcome = helm.upgrade(chart, values={"password": secret, "explode": explode}, secrets=(secret,))
        everything = outcome.output + outcome.log
        assert outcome.ok is not explode
        assert "[secret]" in outcome.output
        for text in (secret, base64.b64encode(secret.encode()).decode(), token):
            assert text not in everything


def test_fields_are_managed_under_one_name_by_every_engine(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart))
    assert helm.managers() == {"helm"}


def test_the_release_is_kept_in_secrets(helm: Helm, make_chart: MakeChart) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(helm.install(chart))
    name = f"sh.helm.release.v1.{helm.namespace}.v1"
    assert helm.client.get(SECRET, name=name, namespace=helm.namespace)["type"] == "helm.sh/release.v1"


@pytest.mark.parametrize(
    ("first", "second"), [("helm 3", "sdk"), ("helm 4", "sdk"), ("sdk", "helm 4"), ("sdk", "helm 3")]
)
def test_one_engine_goes_on_where_another_was(
    first: str,
    second: str,
    start_engine: Callable[[str], HelmProcesses],
    east: KubeClient,
    namespace: str,
    make_chart: MakeChart,
) -> None:
    chart = make_chart(values=DEFAULTS, templates={"config.yaml": CONFIG})
    succeeded(Helm(start_engine(first), east, namespace).install(chart, values={"text": "one"}))
    helm = Helm(start_engine(second), east, namespace)
    assert succeeded(helm.upgrade(chart, values={"text": "two"})).revision == 2
    assert helm.data()["text"] == "two"
    assert helm.managers() == {"helm"}
