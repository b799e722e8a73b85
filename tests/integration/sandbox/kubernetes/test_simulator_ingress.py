"""The ingress stand-in: TLS for every host, routing, the demo applications, faults."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from simulator_world import Simulator, workload
from waiting import eventually

from platz.charts.documents.status_document import parse_status
from platz_sandbox.kubernetes.control import Control

SHOP = {"SHOP_NAME": "Corner", "SHOP_CURRENCY": "EUR", "SHOP_STOCK": "40"}


class Site:
    """One host name and what answers behind it."""

    def __init__(self, simulator: Simulator, api: httpx.Client, namespace: str) -> None:
        self.api, self.namespace, self.host = api, namespace, f"{namespace}.east.platz.localhost"
        self._client = simulator.ingress()

    def put(self, application: str, *, environment: dict[str, str] | None = None, **template: Any) -> None:
        """Put an application behind the host."""
        annotations = {"sandbox.platz.io/app": application, **template.pop("annotations", {})}
        env = [{"name": name, "value": value} for name, value in (environment or {}).items()]
        self._post("apis/apps/v1", "deployments", workload(annotations=annotations, env=env, **template))
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        self._post("api/v1", "services", {"metadata": {"name": "web"}, "spec": spec})
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        rule = {
            "host": self.host,
            "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
        }
        self._post(
            "apis/networking.k8s.io/v1", "ingresses", {"metadata": {"name": "web"}, "spec": {"rules": [rule]}}
        )

    def _post(self, version: str, plural: str, document: dict[str, Any]) -> None:
        self.api.post(f"/{version}/namespaces/{self.namespace}/{plural}", json=document).raise_for_status()

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        extensions = {"sni_hostname": self.host}
        return self._client.request(
            method, path, headers={"host": self.host}, extensions=extensions, **options
        )

    def up(self) -> None:
        eventually(lambda: self.call("GET", "/").status_code == 200)

    def status(self) -> dict[str, Any]:
        return self.call("GET", "/status").raise_for_status().json()

    def metric(self, name: str) -> float:
        document = self.status()
        metrics = [document["primary_metric"], *document["metrics"]]
        return next(float(metric["value"]) for metric in metrics if metric["short_description"] == name)

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def site(simulator: Simulator, api: httpx.Client, namespace: str) -> Iterator[Site]:
    site = Site(simulator, api, namespace)
    yield site
    site.close()


def test_every_host_gets_a_certificate_of_the_authority(simulator: Simulator) -> None:
    context = ssl.create_default_context(cafile=simulator.facts["ca"])
    host, port = simulator.facts["ingress"].split(":")

    raw = socket.create_connection((host, int(port)), timeout=10)
    with context.wrap_socket(raw, server_hostname="any.thing.example") as secure:
        names = secure.getpeercert()["subjectAltName"]  # type: ignore[index]

    assert names == (("DNS", "any.thing.example"),)


def test_an_unknown_host_is_not_found(site: Site) -> None:
    assert site.call("GET", "/").status_code == 404


def test_without_a_ready_pod_the_answer_is_503(site: Site) -> None:
    site.put("web-shop", image="registry.example/never-ready:1")

    assert site.call("GET", "/status").status_code == 503


@pytest.mark.parametrize(
    "application", ["web-shop", "registry-cache", "storefront", "chaos-monkey", "something-else"]
)
def test_every_application_reports_a_status_that_platz_reads(site: Site, application: str) -> None:
    site.put(application)
    site.up()

    assert parse_status(site.status())


def test_the_status_tells_how_many_pods_run(site: Site) -> None:
    site.put("web-shop", environment=SHOP, replicas=2)

    eventually(lambda: site.call("GET", "/").status_code == 200 and site.metric("Pods") == 2)
    assert site.status()["notices"] == [{"level": "Info", "text": "Corner"}]


def test_restocking_raises_the_stock(site: Site) -> None:
    site.put("web-shop", environment=SHOP)
    site.up()
    before = site.metric("Stock")

    answer = site.call("POST", "/actions/restock", json={"units": 25, "supplier": "Ann"})

    assert answer.json()["message"] == "25 units were delivered by Ann"
    assert site.metric("Stock") == before + 25


def test_closing_and_opening_changes_the_status(site: Site) -> None:
    site.put("web-shop", environment=SHOP)
    site.up()
    site.call("POST", "/actions/close", json={"reason": "Stocktaking"})
    closed = site.status()
    site.call("POST", "/actions/open", json={})

    assert closed["status"] == {"name": "Closed", "color": "danger"}
    assert {"level": "Danger", "text": "Stocktaking"} in closed["notices"]
    assert site.status()["status"]["name"] == "Open"


def test_maintenance_is_read_from_the_environment(site: Site) -> None:
    site.put("web-shop", environment={**SHOP, "SHOP_MAINTENANCE": "true"})
    site.up()

    assert site.status()["status"] == {"name": "Maintenance", "color": "warning"}


def test_an_exploding_action_answers_500(site: Site) -> None:
    site.put("chaos-monkey", environment={"CHAOS_MODE": "works"})
    site.up()

    assert site.call("POST", "/actions/explode", json={}).status_code == 500


def test_lifecycle_hooks_are_remembered(site: Site) -> None:
    site.put("storefront", environment={"STORE_TITLE": "Front"})
    site.up()

    for method in ("POST", "PUT", "DELETE"):
        answered = site.call(method, "/resources/campaigns", json={"name": "spring"})
        assert answered.status_code == 200
        remembered = site.call("GET", "/resources/campaigns").json()
        assert remembered == {"method": method, "body": {"name": "spring"}}


def test_campaigns_are_counted_by_their_id(site: Site) -> None:
    site.put("storefront")
    site.up()
    for method, campaign in (("POST", "1"), ("POST", "2"), ("PUT", "2"), ("DELETE", "1")):
        site.call(method, "/resources/campaigns", json={"id": campaign, "name": "spring"})

    assert site.metric("Campaigns") == 1


def test_an_application_without_status_has_none(site: Site) -> None:
    site.put("guestbook", environment={"GUESTBOOK_TITLE": "Visitors"})
    site.up()

    assert site.call("GET", "/status").status_code == 404
    assert "Visitors" in site.call("GET", "/").text


def test_a_status_that_fails_answers_500(site: Site) -> None:
    site.put("web-shop", annotations={"sandbox.platz.io/status-fails": "true"})
    site.up()

    assert site.call("GET", "/status").status_code == 500


def test_the_page_shows_texts_of_users_as_texts(site: Site) -> None:
    site.put("web-shop", environment={"SHOP_NAME": "<script>alert(1)</script>"})
    site.up()

    page = site.call("GET", "/").text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_an_application_remembers_goes_with_its_namespace(site: Site) -> None:
    site.put("web-shop", environment=SHOP)
    site.up()
    site.call("POST", "/actions/close", json={})
    path = f"/api/v1/namespaces/{site.namespace}"
    site.api.delete(path)
    eventually(lambda: site.api.get(path).status_code == 404)
    site.api.post("/api/v1/namespaces", json={"metadata": {"name": site.namespace}}).raise_for_status()

    site.put("web-shop", environment=SHOP)

    site.up()
    assert site.status()["status"]["name"] == "Open"


def test_faults_reach_the_ingress_by_host(site: Site, control: Control) -> None:
    site.put("web-shop")
    site.up()

    with control.fault("status", cluster="ingress", path=f"{site.host}/status", code=503):
        assert site.call("GET", "/status").status_code == 503
        assert site.call("GET", "/").status_code == 200
