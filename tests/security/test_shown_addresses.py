"""Given an attacker who may write what others see, when they write an address, then a click on it runs no script.

Source: docs/contract/http-api.md, "Addresses that are shown"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

import pytest
from http_client import Installation

SCRIPTS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
]
NO_ADDRESSES = [
    "grafana.test",
    "//grafana.test",
    "https://",
    "http:grafana",
    "https://[",
    "ftp://g.test",
    "/grafana",
]


@pytest.mark.parametrize("address", [*SCRIPTS, *NO_ADDRESSES])
def test_given_a_grafana_address_when_it_is_no_web_address_then_it_is_refused(
    api: Installation, address: str
) -> None:
    answer = api["site"].put(f"/k8s-clusters/{api.cluster}", {"grafana_url": address})
    assert answer.status_code == 400
    assert "http:// or https://" in answer.json()["message"]


@pytest.mark.parametrize(
    "address", ["http://g", "https://grafana.test:3000/d?x=1#y", "https://10.0.0.1/", None, ""]
)
def test_given_a_grafana_address_when_it_is_a_web_address_then_it_is_saved(
    api: Installation, address: str | None
) -> None:
    answer = api["site"].put(f"/k8s-clusters/{api.cluster}", {"grafana_url": address})
    assert (answer.status_code, answer.json()["grafana_url"]) == (200, address or None)


@pytest.mark.parametrize(
    "domain", ["a b", "evil.test/x", "x.test#", "a@b", "-a.test", "a..b", "x" * 254, "javascript:1"]
)
def test_given_a_domain_when_it_is_no_dns_name_then_it_is_refused(api: Installation, domain: str) -> None:
    answer = api["site"].put(f"/k8s-clusters/{api.cluster}", {"ingress_domain": domain})
    assert (answer.status_code, "domain" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("icon", ['"><script>', "javascript:alert(1)", "url(x)", "a" * 101])
def test_given_an_icon_when_it_is_no_name_then_it_is_refused(api: Installation, icon: str) -> None:
    for path in ("helm-registries", "helm-registry"):
        answer = api["site"].put(f"/{path}/{api.registry}", {"fa_icon": icon})
        assert (answer.status_code, "icon" in answer.json()["message"]) == (400, True)
    assert api["site"].put(f"/helm-registries/{api.registry}", {"fa_icon": "fas fa-cube"}).status_code == 200


FORMS = [
    "[x]({})",
    "[x](<{}>)",
    "![x]({})",
    "[x][y]\n\n[y]: {}",
    "<a href='{}'>x</a>",
    '<a href="{}">x</a>',
    "<a href={}>x</a>",
]
SPELLED = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "javascript\\:alert(1)",
    "data:text/html;base64,x",
    "vbscript:x",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", SPELLED)
def test_given_a_description_when_a_link_in_it_runs_a_script_then_it_is_refused(
    api: Installation, form: str, address: str
) -> None:
    answer = api["owner"].put(f"/deployments/{api.deployment}", {"description_md": form.format(address)})
    assert answer.status_code == 400, answer.text
    assert "only http:// and https:// links" in answer.json()["message"]


@pytest.mark.parametrize(
    "text",
    [
        "See [the docs](https://docs.test/a_(b)) and <http://x.test>.",
        "![x](/icon.png) [up](../README.md) [here](#part)",
        "note: javascript: is a word here, and so is `data:`",
        "[1]: https://x.test 'title'",
        "",
    ],
)
def test_given_a_description_when_its_links_are_harmless_then_it_is_saved(
    api: Installation, text: str
) -> None:
    answer = api["owner"].put(f"/deployments/{api.deployment}", {"description_md": text})
    assert (answer.status_code, answer.json()["description_md"]) == (200, text)


def test_given_what_was_saved_before_the_rule_when_something_else_changes_then_it_stays(
    api: Installation,
) -> None:
    api.execute("update k8s_clusters set grafana_url = 'grafana.test' where id = :id", id=api.cluster)
    body = {"grafana_url": "grafana.test", "grafana_datasource_name": "main"}
    answer = api["site"].put(f"/k8s-clusters/{api.cluster}", body)
    assert (answer.status_code, answer.json()["grafana_datasource_name"]) == (200, "main")
