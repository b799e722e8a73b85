"""The demo charts: what Platz reads of them, and what Helm makes of them with the values that Platz composes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from demo_chart_values import (
    CAMPAIGN,
    NODE_SELECTOR,
    SECRET,
    SHOP,
    TOLERATIONS,
    Situation,
    composed,
    demo_chart,
)
from ruamel.yaml import YAML

from platz.charts.chart import read_chart
from platz.charts.documents.derived_names import kind_from_repository
from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS, DemoChart
from platz_sandbox.demo_charts.packaging import package

RELEASES = [pytest.param(chart, id=f"{chart.repository}-{chart.version}") for chart in DEMO_CHARTS]
KINDS = {
    "web-shop": "WebShop",
    "registry-cache": "RegistryCache",
    "storefront": "Storefront",
    "chaos-monkey": "ChaosMonkey",
    "guestbook": "Guestbook",
}
FILLED_IN = {
    "web-shop": {
        "shop_name": 'Tea & "Things"',
        "currency": "GBP",
        "stock": 1_500_000,
        "replicas": 3,
        "banners": ["Sale!", "Free tea: today"],
        "payments": "card",
        "payment_key": str(SECRET),
        "maintenance": True,
        "maintenance_message": "Back at noon",
        "backup": True,
        "backup_at": {"run_days": "1,3", "schedule": "08:05"},
        "search": True,
    },
    "registry-cache": {"upstream": "https://quay.io", "size": 50, "keep_days": 7},
    "storefront": {
        "title": "Sale",
        "shop": str(SHOP),
        "api_token": str(SECRET),
        "related_shops": [str(SHOP), str(SHOP)],
        "campaign": str(CAMPAIGN),
    },
    "chaos-monkey": {"mode": "slow-install", "seconds": 5},
    "guestbook": {"title": "Guests: all", "moderated": True, "greeting": "Be kind"},
}
MINIMAL = {
    "web-shop": {"shop_name": "Tea"},
    "registry-cache": {"upstream": "https://quay.io"},
    "storefront": {"title": "Sale", "shop": str(SHOP), "api_token": str(SECRET)},
    "chaos-monkey": {"mode": "works"},
    "guestbook": {"title": "Guests"},
}
WORKLOADS = ("Deployment", "StatefulSet")


class Objects:
    """The objects of a rendered chart."""

    def __init__(self, rendered: dict[str, str]) -> None:
        self.notes = next(text for path, text in rendered.items() if path.endswith("NOTES.txt"))
        self.all = [
            document
            for path, text in rendered.items()
            if path.endswith(".yaml")
            for document in YAML(typ="safe", pure=True).load_all(text)
            if document is not None
        ]

    def of_kind(self, *kinds: str) -> list[dict[str, Any]]:
        return [document for document in self.all if document["kind"] in kinds]

    def get(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.of_kind(kind) if one["metadata"]["name"] == name]
        return found

    def pod(self, kind: str, name: str) -> dict[str, Any]:
        return self.get(kind, name)["spec"]["template"]

    def environment(self, kind: str, name: str) -> dict[str, Any]:
        variables = self.pod(kind, name)["spec"]["containers"][0]["env"]
        return {variable["name"]: variable.get("value") for variable in variables}


@pytest.fixture
def render(helm_sdk):
    """`render(repository, version, inputs, **situation)`: the objects that Platz would have Helm install."""

    def rendered(repository: str, version: str, inputs: dict[str, Any], **situation: Any) -> Objects:
        chart = demo_chart(repository, version)
        values = composed(chart, Situation(kind=KINDS[repository], inputs=inputs, **situation)).values
        return Objects(helm_sdk.render(package(chart), json.loads(json.dumps(values))))

    return rendered


def assert_coherent(objects: Objects) -> None:
    """What any API server or controller would trip over."""
    names = [(one["kind"], one["metadata"]["name"]) for one in objects.all]
    assert len(names) == len(set(names))
    templates = [one["spec"]["template"] for one in objects.of_kind(*WORKLOADS)]
    for workload in objects.of_kind(*WORKLOADS):
        wanted = workload["spec"]["selector"]["matchLabels"]
        chosen = [one for one in templates if wanted.items() <= one["metadata"]["labels"].items()]
        assert chosen == [workload["spec"]["template"]], "a selector must choose its own pods and no others"
    for service in objects.of_kind("Service"):
        wanted = service["spec"]["selector"].items()
        chosen = [one for one in templates if wanted <= one["metadata"]["labels"].items()]
        assert len(chosen) == 1
        ports = {port["name"] for one in chosen[0]["spec"]["containers"] for port in one["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for ingress in objects.of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = objects.get("Service", backend["name"])["spec"]["ports"]
                assert backend["port"]["name"] in {port["name"] for port in ports}
    for one in templates:
        for container in one["spec"]["containers"]:
            assert all(isinstance(variable.get("value", ""), str) for variable in container.get("env", []))


# what Platz reads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", RELEASES)
def test_a_demo_chart_is_read_without_error_or_advice(chart: DemoChart):
    found = read_chart(package(chart))

    assert (found.error, found.warnings) == (None, ())
    assert found.metadata.version == chart.version
    assert found.values_ui is not None
    assert found.features is not None


@pytest.mark.parametrize("repository", KINDS)
def test_a_repository_is_named_so_that_its_kind_reads_well(repository):
    assert kind_from_repository(repository) == KINDS[repository]


def test_there_is_a_chart_for_every_extension():
    read = {chart.repository: read_chart(package(chart)) for chart in DEMO_CHARTS}

    assert read["registry-cache"].features["spec"]["cardinality"] == "OnePerCluster"
    assert read["web-shop"].features["spec"]["status"]["refresh_interval_secs"] == 15
    assert {"restock", "close"} <= {one["spec"]["id"] for one in read["web-shop"].actions_schema}
    assert [one["key"] for one in read["storefront"].resource_types] == ["campaign"]
    assert "apiVersion" not in read["guestbook"].values_ui
    assert read["storefront"].metadata.git_branch == "main"


def test_every_upgrade_has_a_lower_release_of_the_same_chart():
    releases: dict[str, list[str]] = {}
    for chart in DEMO_CHARTS:
        releases.setdefault(chart.repository, []).append(chart.version)

    assert {name for name, versions in releases.items() if len(versions) > 1} >= {
        "web-shop",
        "storefront",
        "chaos-monkey",
    }


def test_a_release_differs_from_the_one_before():
    archives = {package(chart) for chart in DEMO_CHARTS}

    assert len(archives) == len(DEMO_CHARTS)


def test_packages_do_not_depend_on_the_process(tmp_path):
    script = (
        "import hashlib; from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS;"
        "from platz_sandbox.demo_charts.packaging import package;"
        "print(hashlib.sha256(b''.join(package(c) for c in DEMO_CHARTS)).hexdigest())"
    )

    def digest(seed: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else "UTC", "PYTHONPATH": "."},
            check=True,
            capture_output=True,
        ).stdout

    assert digest("1") == digest("2")


# what Helm makes of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", RELEASES)
def test_a_demo_chart_renders_with_its_own_defaults(helm_sdk, chart):
    objects = Objects(helm_sdk.render(package(chart), {}))

    assert_coherent(objects)
    assert objects.of_kind("Ingress") == []


@pytest.mark.parametrize("chart", RELEASES)
@pytest.mark.parametrize("inputs", [MINIMAL, FILLED_IN], ids=["minimal", "filled in"])
def test_a_demo_chart_renders_with_what_platz_composes(render, chart, inputs):
    objects = render(chart.repository, chart.version, inputs[chart.repository])

    assert_coherent(objects)
    (ingress,) = objects.of_kind("Ingress")
    kind = KINDS[chart.repository].lower()
    host = "one" if chart.repository == "storefront" else f"{kind}-one"
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [f"{host}.east.platz.localhost"]
    assert ingress["spec"]["tls"][0]["secretName"] == "wildcard-tls"
    assert ingress["spec"]["ingressClassName"] == "nginx"


@pytest.mark.parametrize("chart", RELEASES)
def test_fields_that_nobody_touched_arrive_as_null_and_do_no_harm(render, chart):
    """The web form submits null for what was never touched.

    Source: docs/contract/chart-extensions.md, "Form behaviour of the older web frontend".
    """
    untouched = dict.fromkeys(FILLED_IN[chart.repository])

    assert_coherent(render(chart.repository, chart.version, untouched | MINIMAL[chart.repository]))


@pytest.mark.parametrize("chart", RELEASES)
def test_every_pod_goes_where_the_environment_says(render, chart):
    objects = render(chart.repository, chart.version, FILLED_IN[chart.repository])

    for workload in objects.of_kind(*WORKLOADS):
        spec = workload["spec"]["template"]["spec"]
        assert spec["nodeSelector"] == NODE_SELECTOR
        assert spec["tolerations"] == TOLERATIONS


@pytest.mark.parametrize("chart", RELEASES)
@pytest.mark.parametrize("tolerations", [{}, []])
def test_an_environment_without_placement_leaves_it_out(render, chart, tolerations):
    inputs = MINIMAL[chart.repository]

    objects = render(
        chart.repository, chart.version, inputs, node_selector={}, tolerations=tolerations, tls=None
    )

    for workload in objects.of_kind(*WORKLOADS):
        assert not {"nodeSelector", "tolerations"} & workload["spec"]["template"]["spec"].keys()
    assert objects.of_kind("Ingress") == []


@pytest.mark.parametrize("chart", RELEASES)
def test_the_pods_behind_the_ingress_tell_which_application_they_play(render, chart):
    objects = render(chart.repository, chart.version, MINIMAL[chart.repository])

    (ingress,) = objects.of_kind("Ingress")
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
    wanted = objects.get("Service", backend)["spec"]["selector"].items()
    (template,) = [
        one["spec"]["template"]
        for one in objects.of_kind(*WORKLOADS)
        if wanted <= one["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert template["metadata"]["annotations"]["sandbox.platz.io/app"] == chart.repository


# each chart -----------------------------------------------------------------------------------------------


def test_the_web_shop_gets_what_was_filled_in(render):
    objects = render("web-shop", "1.0.0", FILLED_IN["web-shop"])

    environment = objects.environment("Deployment", "demo-one-web")
    assert environment["SHOP_NAME"] == 'Tea & "Things"'
    assert environment["SHOP_CURRENCY"] == "GBP"
    assert environment["SHOP_STOCK"] == "1500000"
    assert environment["SHOP_MAINTENANCE"] == "true"
    assert environment["SHOP_MAINTENANCE_MESSAGE"] == "Back at noon"
    assert objects.get("Deployment", "demo-one-web")["spec"]["replicas"] == 3
    shop = json.loads(objects.get("ConfigMap", "demo-one-config")["data"]["shop.json"])
    assert shop["banners"] == ["Sale!", "Free tea: today"]
    assert objects.get("CronJob", "demo-one-backup")["spec"]["schedule"] == "5 8 * * 1,3"
    assert 'Tea & "Things"' in objects.notes


def test_the_web_shops_payment_key_becomes_a_secret_and_no_value():
    inputs = FILLED_IN["web-shop"]

    found = composed(demo_chart("web-shop", "1.0.0"), Situation(kind="WebShop", inputs=inputs))

    assert found.secrets == {"payment-gateway": {"api_key": "top-secret-key"}}
    assert "top-secret-key" not in json.dumps(found.values)


def test_the_web_shop_hides_what_does_not_apply(render):
    inputs = FILLED_IN["web-shop"] | {"payments": "none", "maintenance": False, "backup": False}

    found = composed(demo_chart("web-shop", "1.0.0"), Situation(kind="WebShop", inputs=inputs))
    objects = render("web-shop", "1.0.0", inputs)

    assert found.secrets == {}
    assert objects.of_kind("CronJob") == []
    assert objects.environment("Deployment", "demo-one-web")["SHOP_MAINTENANCE_MESSAGE"] == ""


def test_a_backup_without_days_is_no_backup(render):
    inputs = FILLED_IN["web-shop"] | {"backup_at": {"run_days": "", "schedule": "08:05"}}

    assert render("web-shop", "1.0.0", inputs).of_kind("CronJob") == []


def test_the_web_shops_upgrade_adds_a_search_engine_and_a_newer_image(render):
    before = render("web-shop", "1.0.0", FILLED_IN["web-shop"])
    after = render("web-shop", "1.1.0", FILLED_IN["web-shop"])

    def images(objects: Objects) -> set[str]:
        return {
            container["image"]
            for workload in objects.of_kind(*WORKLOADS)
            for container in workload["spec"]["template"]["spec"]["containers"]
        }

    assert not images(before) >= images(after)
    assert after.get("StatefulSet", "demo-one-search")
    assert render("web-shop", "1.1.0", MINIMAL["web-shop"]).get("StatefulSet", "demo-one-database")


def test_the_web_shop_migrates_its_database_in_a_hook(render):
    (job,) = render("web-shop", "1.0.0", MINIMAL["web-shop"]).of_kind("Job")

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"


def test_the_registry_cache_is_named_after_its_kind_alone(render, helm_sdk):
    objects = render("registry-cache", "2.4.1", FILLED_IN["registry-cache"], name="")

    (ingress,) = objects.of_kind("Ingress")
    assert ingress["spec"]["rules"][0]["host"] == "registrycache.east.platz.localhost"
    claim = objects.get("StatefulSet", "demo-one")["spec"]["volumeClaimTemplates"][0]
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"
    assert objects.environment("StatefulSet", "demo-one")["CACHE_UPSTREAM"] == "https://quay.io"
    assert "ttl: 168h" in objects.get("ConfigMap", "demo-one")["data"]["config.yml"]


def test_the_storefront_knows_its_shop_its_campaign_and_its_token(render):
    inputs = FILLED_IN["storefront"]

    objects = render("storefront", "0.9.0", inputs)

    environment = objects.environment("Deployment", "demo-one")
    assert environment["STORE_SHOP_HOST"] == "webshop-blue.east.platz.localhost"
    assert environment["STORE_SHOP_ID"] == str(SHOP)
    data = objects.get("ConfigMap", "demo-one")["data"]
    assert json.loads(data["campaign.json"]) == {
        "name": "summer",
        "headline": "Summer sale",
        "discountPercent": 20,
    }
    assert data["related-shops"] == "blue,blue"
    found = composed(demo_chart("storefront", "0.9.0"), Situation(kind="Storefront", inputs=inputs))
    assert found.secrets == {"storefront-api": {"token": "top-secret-key", "token_name": "gateway"}}


def test_the_storefronts_upgrade_protects_its_pods(render):
    objects = render("storefront", "1.0.0", FILLED_IN["storefront"])

    assert objects.of_kind("PodDisruptionBudget")
    assert objects.get("Deployment", "demo-one")["spec"]["replicas"] == 2


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_the_chaos_monkeys_template_fails_when_asked(render, version):
    with pytest.raises(Exception, match="asked for a template error"):
        render("chaos-monkey", version, {"mode": "template-error"})


@pytest.mark.parametrize(
    ("inputs", "annotations"),
    [
        ({"mode": "hook-fails"}, {"sandbox.platz.io/exit-code": "1"}),
        ({"mode": "slow-install", "seconds": 7}, {"sandbox.platz.io/run-seconds": "7"}),
        ({"mode": "slow-install"}, {"sandbox.platz.io/run-seconds": "60"}),
    ],
)
def test_the_chaos_monkeys_hook_is_marked_on_its_pods(render, inputs, annotations):
    objects = render("chaos-monkey", "1.0.0", inputs)

    (job,) = objects.of_kind("Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["backoffLimit"] == 0
    assert job["spec"]["template"]["metadata"]["annotations"] == annotations
    assert_coherent(objects)


@pytest.mark.parametrize("mode", ["works", "never-ready", "status-fails"])
def test_the_chaos_monkey_has_no_hook_otherwise(render, mode):
    objects = render("chaos-monkey", "1.0.0", {"mode": mode})

    assert objects.of_kind("Job") == []
    image = objects.pod("Deployment", "demo-one")["spec"]["containers"][0]["image"]
    assert ("never-ready" in image) is (mode == "never-ready")
    annotations = objects.pod("Deployment", "demo-one")["metadata"]["annotations"]
    assert annotations.get("sandbox.platz.io/status-fails") == ("true" if mode == "status-fails" else None)
    assert objects.environment("Deployment", "demo-one")["CHAOS_MODE"] == mode


def test_a_hooks_pods_belong_to_no_workload_of_the_chaos_monkey(render):
    objects = render("chaos-monkey", "1.0.0", {"mode": "hook-fails"})

    hook = objects.of_kind("Job")[0]["spec"]["template"]["metadata"]["labels"]
    wanted = objects.get("Deployment", "demo-one")["spec"]["selector"]["matchLabels"]
    assert not wanted.items() <= hook.items()


def test_the_guestbook_of_earlier_days_takes_its_form(render):
    environment = render("guestbook", "0.3.0", FILLED_IN["guestbook"]).environment("Deployment", "demo-one")

    assert environment["GUESTBOOK_TITLE"] == "Guests: all"
    assert environment["GUESTBOOK_MODERATED"] == "true"
    assert environment["GUESTBOOK_GREETING"] == "Be kind"
