"""Platz's own chart: lint and rendering by the real Helm, and an installation through Platz's own engine."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from executables import Executables, Tool
from repository import ROOT

import platz
from platz.commands.executables import EXECUTABLES
from platz.config import Role, Settings, environment_name
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmProcesses
from platz.json import JsonObject
from platz.kube.api_resources import SECRET, ResourceKind
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig
from platz.kube.errors import KubeNotFound

CHART = ROOT / "deploy/helm/platz"
APART = CHART / "values-apart.yaml"
DEPLOYMENT = ResourceKind(kind="Deployment", api_version="apps/v1", plural="deployments")
EKS = """
ownUrl: https://platz.example.com
adminEmails: [a@example.com, b@example.com]
registry: {ecr: {queue: platz-chart-discovery, region: eu-west-1, accounts: ["111122223333"]}}
clusters: {eksRoleArns: ["arn:aws:iam::444455556666:role/platz"]}
serviceAccount: {annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/platz"}}
oidc: {existingSecret: "", ssm: {serverUrl: /o/url, clientId: /o/id, clientSecret: /o/secret}}
"""
EVERYTHING = """
ownUrl: https://platz.example.com
image: {repository: registry.example.com/platz, tag: "1.2"}
clusters: {provider: local, kubeconfigSecret: clusters}
registry: {provider: oci, oci: {url: "https://charts.example.com"}}
encryption: {existingSecret: keys}
rbac:
  create: true
  subjects: [{kind: Group, name: platz, apiGroup: rbac.authorization.k8s.io}]
  rules: [{apiGroups: [""], resources: [services], verbs: [get, create, patch, delete]}]
ingress:
  enabled: true
  className: nginx
  hosts: [platz.example.com]
  tls: [{hosts: [platz.example.com], secretName: platz-tls}]
networkPolicy: {enabled: true, from: [{namespaceSelector: {}}]}
serviceMonitor: {enabled: true, labels: {team: platform}}
settings: {PLATZ_STOP_TIMEOUT: 40s, PLATZ_TASKS_PER_CLUSTER: 2}
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
imagePullSecrets: [{name: pull}]
tolerations: [{operator: Exists}]
"""

SECRETS = {
    "postgres-creds": ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"),
    "oidc-config": ("serverUrl", "clientId", "clientSecret"),
    "keys": ("keys",),
    "clusters": ("east.yaml", "west.yaml"),
    "pull": (".dockerconfigjson",),
}
"""The secrets that the values name, with the keys that the chart reads."""

Render = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=["helm 3", "helm 4"])
def helm(request: pytest.FixtureRequest, executables: Executables, tmp_path: Path) -> Tool:
    path = executables.helm3 if request.param == "helm 3" else executables.helm4
    return Tool(path=path, home=tmp_path)


def files(folder: Path, *documents: str) -> list[str]:
    options: list[str] = []
    for number, document in enumerate(documents):
        file = folder / f"values-{number}.yaml"
        file.write_text(document)
        options += ["--values", str(file)]
    return options


@pytest.fixture
def render(helm: Tool, tmp_path: Path) -> Render:
    def rendered(*documents: str) -> list[dict[str, Any]]:
        text = helm.run("template", "platz", str(CHART), *files(tmp_path, *documents), "--namespace", "own")
        return [document for document in yaml.safe_load_all(text) if document]

    return rendered


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [document for document in documents if document["kind"] == kind]


def environment(deployment: Mapping[str, Any]) -> dict[str, Any]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


@pytest.mark.parametrize("values", [EKS, EVERYTHING], ids=["eks", "everything"])
@pytest.mark.parametrize("apart", [False, True], ids=["together", "apart"])
def test_helm_finds_nothing_wrong(helm: Tool, tmp_path: Path, values: str, apart: bool) -> None:
    layers = [APART.read_text()] if apart else []
    helm.run("lint", "--strict", str(CHART), *files(tmp_path, *layers, values))


def test_one_deployment_takes_every_role(render: Render) -> None:
    documents = render(EKS)
    (deployment,) = of_kind(documents, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    given = environment(deployment)
    assert set(given["PLATZ_ROLES"].split()) == set(Role)
    assert given["PLATZ_ECR_EVENTS_QUEUE"] == "platz-chart-discovery"
    assert given["PLATZ_OIDC_SSM_CLIENT_ID"] == "/o/id"
    assert given["ADMIN_EMAILS"] == "a@example.com b@example.com"
    (account,) = of_kind(documents, "ServiceAccount")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith(":role/platz")
    (budget,) = of_kind(documents, "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    (service,) = of_kind(documents, "Service")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_apart_every_role_is_in_one_deployment_and_only_the_api_is_served(render: Render) -> None:
    documents = render(APART.read_text(), EVERYTHING)
    deployments = {each["metadata"]["name"]: each for each in of_kind(documents, "Deployment")}
    roles = [role for each in deployments.values() for role in environment(each)["PLATZ_ROLES"].split()]
    assert sorted(roles) == sorted(Role)
    (service,) = [each for each in of_kind(documents, "Service") if each["spec"].get("clusterIP") != "None"]
    selected = [
        name
        for name, each in deployments.items()
        if service["spec"]["selector"].items() <= each["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert selected == ["platz-api"]
    assert {each["metadata"]["name"] for each in of_kind(documents, "PodDisruptionBudget")} == {
        "platz-api",
        "platz-agent",
    }


@pytest.mark.parametrize("values", [EKS, EVERYTHING], ids=["eks", "everything"])
def test_what_the_pods_are_given_are_settings_of_platz(render: Render, values: str) -> None:
    known = {environment_name(field) for field in Settings.model_fields.values()}
    for deployment in of_kind(render(values), "Deployment"):
        assert set(environment(deployment)) - known <= {"HTTPS_PROXY"}


def test_a_pod_has_no_rights_and_writes_only_to_its_volumes(render: Render) -> None:
    (deployment,) = of_kind(render(EVERYTHING), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert environment(deployment)["PLATZ_DATA_DIR"] == mounts["data"]
    assert environment(deployment)["PLATZ_KUBECONFIG_FOLDER"] == mounts["kubeconfigs"]
    assert {volume["name"] for volume in pod["volumes"]} == set(mounts)
    assert container["image"] == "registry.example.com/platz:1.2"
    assert pod["terminationGracePeriodSeconds"] > 40
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "health"


def test_the_cluster_role_is_that_of_the_page_and_what_the_charts_need(render: Render) -> None:
    page = (ROOT / "docs/operating.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (told,) = [yaml.safe_load(block) for block in blocks if "ClusterRole" in block]
    (role,) = of_kind(render(EVERYTHING), "ClusterRole")
    assert role["rules"][:-1] == told["rules"]
    assert role["rules"][-1]["resources"] == ["services"]


def test_the_monitor_finds_the_metrics_of_every_process(render: Render) -> None:
    documents = render(APART.read_text(), EVERYTHING)
    (monitor,) = of_kind(documents, "ServiceMonitor")
    selected = [
        each
        for each in of_kind(documents, "Service")
        if monitor["spec"]["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
    ]
    (service,) = selected
    for deployment in of_kind(documents, "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert service["spec"]["selector"].items() <= labels.items()
    ports = {port["name"] for port in service["spec"]["ports"]}
    assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= ports


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("{}", "ownUrl"),
        ("ownUrl: platz.example.com", "ownUrl"),
        ("ownUrl: https://p.example.com", "registry.ecr.queue is required"),
        ("{ownUrl: https://p.example.com, registry: {provider: oci}}", "registry.oci.url is required"),
        ("{ownUrl: https://p.example.com, replicas: 3}", "replicas"),
        ("{ownUrl: https://p.example.com, workloads: {platz: {roles: [deplyo], replicas: 1}}}", "roles"),
        (
            f"{EVERYTHING}\noidc: {{existingSecret: ''}}",
            "oidc.ssm.clientId is required without oidc.existingSecret",
        ),
        (EVERYTHING.replace("kubeconfigSecret: clusters", ""), "clusters.kubeconfigSecret is required"),
        (EVERYTHING.replace("hosts: [platz.example.com]\n", "hosts: []\n"), "ingress.hosts is required"),
    ],
)
def test_values_that_are_wrong_or_missing_are_named(
    helm: Tool, tmp_path: Path, values: str, words: str
) -> None:
    done = helm.try_run("template", "platz", str(CHART), *files(tmp_path, values))
    assert done.returncode != 0
    assert words in done.stderr


def test_the_chart_has_the_version_of_platz() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == platz.__version__
    assert {role for executable in EXECUTABLES for role in executable.roles} == set(Role)


def test_it_is_installed_upgraded_and_uninstalled_by_platz_itself(
    start_engine: Callable[[str], HelmProcesses], east: KubeClient, namespace: str, tmp_path: Path
) -> None:
    for name, keys in SECRETS.items():
        metadata: JsonObject = {"name": name}
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "stringData": dict.fromkeys(keys, "x"),
        }
        east.create(SECRET, body, namespace=namespace)
    archive = tmp_path / "platz.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(CHART, "platz")
    engine = start_engine("sdk")

    def run(action: HelmAction, values: JsonObject, chart: Path | None = archive) -> None:
        order = HelmRun(
            action=action,
            release=namespace,
            namespace=namespace,
            chart_archive=chart,
            values=values,
            wait=True,
            timeout_seconds=60,
        )
        outcome = engine.run(order, kubeconfig=as_kubeconfig(east.access))
        assert outcome.ok, f"{outcome.output}\n{outcome.log}"

    together: JsonObject = {**yaml.safe_load(EVERYTHING), "serviceMonitor": {"enabled": False}}
    run(HelmAction.INSTALL, together)
    assert replicas(east, namespace, "platz") == 2
    run(HelmAction.UPGRADE, {**together, **yaml.safe_load(APART.read_text())})
    assert replicas(east, namespace, "agent") == 2
    assert replicas(east, namespace, "platz") is None
    run(HelmAction.UNINSTALL, {}, chart=None)
    assert replicas(east, namespace, "agent") is None


def replicas(client: KubeClient, namespace: str, workload: str) -> int | None:
    """Return the replicas that are available in a workload's Deployment; None if there is none."""
    try:
        found: Any = client.get(DEPLOYMENT, name=f"{namespace}-platz-{workload}", namespace=namespace)
    except KubeNotFound:
        return None
    return int(found["status"]["availableReplicas"])
