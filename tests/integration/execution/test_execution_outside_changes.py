"""Whatever somebody else does to a release's objects, the next upgrade does its work, or says what is in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platz.charts.documents.features import OutsideChanges
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.manifests import manifest_objects
from platz.kube.api_resources import DEPLOYMENT, SECRET, ResourceKind
from platz.tasks.releasing.autoscaling import AUTOSCALER
from platz.tasks.releasing.outside_changes import ChangedFromOutside
from tests.integration.execution.conftest import Shop, part

CONFIG_MAP = ResourceKind(kind="ConfigMap", api_version="v1", plural="configmaps")
SERVICE = ResourceKind(kind="Service", api_version="v1", plural="services")
WEBHOOK = ResourceKind(
    kind="MutatingWebhookConfiguration",
    api_version="admissionregistration.k8s.io/v1",
    plural="mutatingwebhookconfigurations",
    namespaced=False,
)
CLUSTER_ROLE = ResourceKind(
    kind="ClusterRole",
    api_version="rbac.authorization.k8s.io/v1",
    plural="clusterroles",
    namespaced=False,
)
SHOP = {
    "web.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}, annotations: {team: blue}}
spec:
  replicas: {{ .Values.replicas | default 2 }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: {{ .Values.image | default "ok:1" | quote }}
        ports: [{name: http, containerPort: 8080}]
        env: [{name: COLOUR, value: {{ .Values.colour | default "green" | quote }}}]
        resources: {requests: {cpu: 10m}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {greeting: {{ .Values.greeting | default "hello" }}, count: {{ .Values.n | default "1" | quote }}}
"""
}
CONTAINER = ("spec", "template", "spec", "containers")


def container(change: Any) -> Any:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", **change}]}}}}


def scaled(shop: Shop) -> None:
    shop.patch(
        DEPLOYMENT, {"spec": {"replicas": 5}}, manager="kubectl", subresource="/scale", how="merge-patch"
    )


def image_set(shop: Shop) -> None:
    shop.patch(DEPLOYMENT, container({"image": "ok:2"}), manager="kubectl-set")


def variable_set(shop: Shop) -> None:
    shop.patch(DEPLOYMENT, container({"env": [{"name": "COLOUR", "value": "red"}]}), manager="kubectl-set")


def variable_from_elsewhere(shop: Shop) -> None:
    source = {"configMapKeyRef": {"name": "web", "key": "greeting"}}
    place = "/spec/template/spec/containers/0/env/0"
    change = [{"op": "replace", "path": place, "value": {"name": "COLOUR", "valueFrom": source}}]
    shop.patch(DEPLOYMENT, change, how="json-patch")


def label_edited(shop: Shop) -> None:
    shop.patch(DEPLOYMENT, {"metadata": {"labels": {"tier": "back"}}}, manager="kubectl-label")


def annotation_edited(shop: Shop) -> None:
    shop.patch(DEPLOYMENT, {"metadata": {"annotations": {"team": "red"}}}, manager="kubectl-annotate")


def key_edited(shop: Shop) -> None:
    shop.patch(CONFIG_MAP, {"data": {"greeting": "goodbye"}})


def applied_by_another(shop: Shop) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web"},
        "data": {"greeting": "hola"},
    }
    shop.client.apply(
        CONFIG_MAP, body, name="web", namespace=shop.namespace, field_manager="argocd", force=True
    )


def applied_from_the_client(shop: Shop) -> None:
    shop.patch(CONFIG_MAP, {"data": {"greeting": "ciao"}}, manager="kubectl-client-side-apply")


def owners_cleared(shop: Shop) -> None:
    shop.patch(
        CONFIG_MAP, {"metadata": {"managedFields": [{}]}, "data": {"greeting": "hi"}}, how="merge-patch"
    )


def service_port_edited(shop: Shop) -> None:
    change = [{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}]
    shop.patch(SERVICE, change, how="json-patch")


def container_port_edited(shop: Shop) -> None:
    change = [
        {"op": "replace", "path": "/spec/template/spec/containers/0/ports/0/containerPort", "value": 9090}
    ]
    shop.patch(DEPLOYMENT, change, how="json-patch")


def strategy_edited(shop: Shop) -> None:
    shop.patch(DEPLOYMENT, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}})


def autoscaler_elsewhere(shop: Shop) -> None:
    autoscaled(shop, 2)


def everything_deleted(shop: Shop) -> None:
    for kind in (DEPLOYMENT, SERVICE, CONFIG_MAP):
        shop.client.delete(kind, name="web", namespace=shop.namespace)


CHANGES = (
    scaled,
    image_set,
    variable_set,
    variable_from_elsewhere,
    label_edited,
    annotation_edited,
    key_edited,
    applied_by_another,
    applied_from_the_client,
    owners_cleared,
    service_port_edited,
    container_port_edited,
    strategy_edited,
    autoscaler_elsewhere,
    everything_deleted,
)
Change = Callable[[Shop], None]


AS_THE_CHART_SAYS = {
    "replicas": 2,
    "image": "ok:1",
    "env": [{"name": "COLOUR", "value": "green"}],
    "containerPorts": [8080],
    "label": "front",
    "annotation": "blue",
    "ports": [80],
    "data": {"greeting": "hello", "count": "2"},
}


def state_of(shop: Shop) -> dict[str, Any]:
    web, service, config = shop.live(DEPLOYMENT), shop.live(SERVICE), shop.live(CONFIG_MAP)
    (only,) = part(web, *CONTAINER)
    return {
        "replicas": part(web, "spec", "replicas"),
        "image": only["image"],
        "env": only["env"],
        "containerPorts": [port["containerPort"] for port in only["ports"]],
        "label": part(web, "metadata", "labels", "tier"),
        "annotation": part(web, "metadata", "annotations", "team"),
        "ports": [port["port"] for port in part(service, "spec", "ports")],
        "data": part(config, "data"),
    }


@pytest.mark.parametrize("change", CHANGES)
def test_an_upgrade_takes_over_what_somebody_else_changed(shop: Shop, change: Change) -> None:
    shop.install(SHOP)
    change(shop)
    shop.upgrade(SHOP, n="2")
    assert state_of(shop) == AS_THE_CHART_SAYS
    shop.upgrade(SHOP, n="2", greeting="moin")
    assert part(shop.live(CONFIG_MAP), "data", "greeting") == "moin"


REFUSED = {
    scaled: "Deployment web: spec.replicas is 5 (set by kubectl), and the chart says 2.",
    image_set: 'image is "ok:2" (set by kubectl-set), and the chart says "ok:1".',
    variable_set: 'value is "red" (set by kubectl-set), and the chart says "green".',
    label_edited: 'Deployment web: metadata.labels.tier is "back" (set by kubectl-label), and the chart says "front".',
    annotation_edited: 'metadata.annotations.team is "red" (set by kubectl-annotate), and the chart says "blue".',
    key_edited: 'ConfigMap web: data.greeting is "goodbye" (set by kubectl-edit), and the chart says "hello".',
    applied_by_another: 'data.greeting is "hola" (set by argocd), and the chart says "hello".',
    service_port_edited: "Service web: what kubectl-edit set does not fit what the chart says.",
    variable_from_elsewhere: "Deployment web: what kubectl-edit set does not fit what the chart says.",
    container_port_edited: "Deployment web: what kubectl-edit set does not fit what the chart says.",
    applied_from_the_client: 'is "ciao" (set by kubectl-client-side-apply), and the chart says "hello".',
}


@pytest.mark.parametrize("change", CHANGES)
def test_under_the_policy_refuse_the_change_is_named_and_nothing_is_done(shop: Shop, change: Change) -> None:
    shop.install(SHOP)
    change(shop)
    shop.policy = OutsideChanges.REFUSE
    if change in REFUSED:
        before = shop.live(CONFIG_MAP)["data"]
        with pytest.raises(ChangedFromOutside) as refused:
            shop.run(HelmAction.UPGRADE, SHOP, n="2")
        assert REFUSED[change] in refused.value.message
        assert shop.live(CONFIG_MAP)["data"] == before
    else:
        shop.run(HelmAction.UPGRADE, SHOP, n="2")
    shop.policy = OutsideChanges.TAKE_OVER
    shop.upgrade(SHOP, n="2")
    assert state_of(shop) == AS_THE_CHART_SAYS


def test_a_refused_upgrade_is_done_when_the_chart_says_the_same(shop: Shop) -> None:
    shop.install(SHOP)
    scaled(shop)
    shop.policy = OutsideChanges.REFUSE
    shop.upgrade(SHOP, replicas=5)
    shop.upgrade(SHOP, replicas=5, n="2")
    assert part(shop.live(CONFIG_MAP), "data", "count") == "2"


def test_what_others_added_stays(shop: Shop) -> None:
    shop.install(SHOP)
    shop.patch(DEPLOYMENT, {"metadata": {"labels": {"mine": "1"}, "annotations": {"mine": "1"}}})
    shop.patch(DEPLOYMENT, container({"env": [{"name": "MINE", "value": "1"}]}))
    shop.patch(CONFIG_MAP, {"data": {"mine": "1"}})
    shop.upgrade(SHOP, n="2")
    web = shop.live(DEPLOYMENT)
    assert part(web, "metadata", "labels", "mine") == "1"
    assert {"name": "MINE", "value": "1"} in part(web, *CONTAINER)[0]["env"]
    assert part(shop.live(CONFIG_MAP), "data", "mine") == "1"


def autoscaled(shop: Shop, replicas: int) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body: Any = {
        "apiVersion": AUTOSCALER.api_version,
        "kind": AUTOSCALER.kind,
        "metadata": {"name": "crowd"},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9},
    }
    shop.client.create(AUTOSCALER, body, namespace=shop.namespace)
    by = {"manager": "kube-controller-manager", "subresource": "/scale", "how": "merge-patch"}
    shop.patch(DEPLOYMENT, {"spec": {"replicas": replicas}}, **by)


@pytest.mark.parametrize("policy", OutsideChanges)
def test_replicas_under_an_autoscaler_are_left_to_it(shop: Shop, policy: OutsideChanges) -> None:
    shop.install(SHOP)
    autoscaled(shop, 7)
    shop.policy = policy
    outcome = shop.upgrade(SHOP, n="2", image="ok:2")
    web = shop.live(DEPLOYMENT)
    assert part(web, "spec", "replicas") == 7
    assert part(web, *CONTAINER)[0]["image"] == "ok:2"
    assert "Deployment/web stays at 7 replicas: HorizontalPodAutoscaler crowd decides" in outcome.output


@pytest.mark.parametrize(
    ("first", "second"), [("helm 3", "sdk"), ("helm 3", "helm 4"), ("helm 4", "helm 3"), ("sdk", "helm 3")]
)
def test_a_release_of_helm_3_and_one_of_helm_4_behave_alike(
    first: str, second: str, start_engine: Any, east: Any, namespace: str, tmp_path: Any
) -> None:
    Shop(start_engine(first), east, namespace, tmp_path).install(SHOP)
    shop = Shop(start_engine(second), east, namespace, tmp_path)
    scaled(shop)
    image_set(shop)
    service_port_edited(shop)
    shop.upgrade(SHOP, n="2")
    assert state_of(shop) == AS_THE_CHART_SAYS
    shop.upgrade(SHOP)
    assert state_of(shop) == {**AS_THE_CHART_SAYS, "data": {"greeting": "hello", "count": "1"}}


WEBHOOKS = {
    "all.yaml": """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: "{{ .Release.Name }}"}
webhooks:
- name: inject.t4.example
  sideEffects: None
  admissionReviewVersions: [v1]
  failurePolicy: Ignore
  clientConfig: {service: {name: none, namespace: "{{ .Release.Namespace }}", path: /x}, caBundle: ""}
  rules: [{apiGroups: [t4.example], apiVersions: [v1], operations: [CREATE], resources: [things]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Name }}:all"}
aggregationRule:
  clusterRoleSelectors: [{matchLabels: {t4/part-of: "{{ .Release.Name }}"}}]
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {count: {{ .Values.n | default "1" | quote }}}
"""
}


@pytest.mark.parametrize("policy", OutsideChanges)
def test_what_a_controller_fills_in_for_the_chart_blocks_no_upgrade(
    shop: Shop, policy: OutsideChanges
) -> None:
    shop.install(WEBHOOKS)
    bundle = {"webhooks": [{"name": "inject.t4.example", "clientConfig": {"caBundle": "QUJD"}}]}
    shop.patch(WEBHOOK, bundle, manager="vault-k8s", name=shop.namespace)
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    controller = "clusterrole-aggregation-controller"
    shop.patch(
        CLUSTER_ROLE, {"rules": rules}, manager=controller, name=f"{shop.namespace}:all", how="merge-patch"
    )
    shop.policy = policy
    shop.upgrade(WEBHOOKS, n="2")
    assert part(shop.live(CONFIG_MAP), "data", "count") == "2"


def test_the_contents_of_a_secret_are_not_told(sdk_shop: Shop) -> None:
    chart = {
        "s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: {{ .Values.p }}}\n"
    }
    sdk_shop.install(chart, p="first-word")
    sdk_shop.patch(SECRET, {"data": {"password": "b3RoZXItd29yZA=="}})
    body: Any = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "web"},
        "stringData": {"password": "x-word"},
    }
    sdk_shop.client.apply(
        SECRET, body, name="web", namespace=sdk_shop.namespace, field_manager="other", force=True
    )
    sdk_shop.policy = OutsideChanges.REFUSE
    with pytest.raises(ChangedFromOutside) as refused:
        sdk_shop.run(HelmAction.UPGRADE, chart, p="second-word")
    assert "Secret web" in refused.value.message
    assert "word" not in refused.value.message.replace("password", "")


def test_a_write_at_the_same_moment_is_tried_again(sdk_shop: Shop) -> None:
    sdk_shop.install(SHOP)
    told = 'Operation cannot be fulfilled on services "web": the object has been modified;'
    told += " please apply your changes to the latest version and try again"
    real, failed = sdk_shop.helm, []

    def once(run: HelmRun) -> HelmOutcome:
        failed.append(run)
        return HelmOutcome(ok=False, output=told) if len(failed) == 1 else real(run)

    sdk_shop.helm = once  # type: ignore[method-assign]
    sdk_shop.upgrade(SHOP, n="2")
    assert len(failed) == 2


def test_a_chart_that_is_invalid_by_itself_is_tried_once(sdk_shop: Shop) -> None:
    sdk_shop.install(SHOP)
    broken = {"web.yaml": SHOP["web.yaml"].replace("{port: 80", "{port: 80000")}
    outcome = sdk_shop.run(HelmAction.UPGRADE, broken)
    assert not outcome.ok
    assert len([run for run in sdk_shop.runs if run.action is HelmAction.UPGRADE]) == 1


def test_a_manifest_is_read_object_by_object() -> None:
    text = "---\nkind: List\napiVersion: v1\nitems:\n- {kind: A, apiVersion: v1, metadata: {name: a}}\n---\n# none\n"
    assert [str(each) for each in manifest_objects(text)] == ["A a"]
    assert manifest_objects("a: b: c") == []


def test_a_manifest_is_understood_as_helm_understands_it() -> None:
    text = "{kind: A, apiVersion: v1, metadata: {name: a}, day: 2024-01-01, y: n, 2: no, null: x}"
    (only,) = manifest_objects(text)
    assert only.document == {
        "kind": "A",
        "apiVersion": "v1",
        "metadata": {"name": "a"},
        "day": "2024-01-01",
        "true": False,
        "2": False,
        "null": "x",
    }
