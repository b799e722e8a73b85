"""Public charts that know nothing of Platz are deployed as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess

from platz_sandbox.demo_charts.packaging import archive_of
from platz_sandbox.registry.push import push_chart

REPOSITORY = "guestbook"
STRICT: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {"replicas": {"type": "integer"}},
}
BOOLEAN_TLS: dict[str, Any] = {
    "type": "object",
    "properties": {"ingress": {"type": "object", "properties": {"tls": {"type": "boolean"}}}},
}
CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: given}
data:
  config: {{ .Values.config | toJson | quote }}
  tls: {{ .Values.ingress | toJson | quote }}
"""


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    settings = {"PLATZ_OCI_POLL_INTERVAL": "1s", "PLATZ_STOP_TIMEOUT": "1s"}
    process = PlatzProcess(tmp_path_factory.mktemp("foreign"), settings)
    yield process
    process.sweep()


@pytest.fixture
def admin(platz: PlatzProcess) -> Iterator[Client]:
    with signed_in(platz.url) as client:
        yield client


def push(platz: PlatzProcess, version: str, files: Mapping[str, str], *, api_version: str = "v2") -> None:
    chart_yaml = f"apiVersion: {api_version}\nname: {REPOSITORY}\nversion: {version}\n"
    contents = {name: text.encode() for name, text in {"Chart.yaml": chart_yaml, **files}.items()}
    registry = f"http://127.0.0.1:{platz.ports['PLATZ_REGISTRY_PORT']}"
    push_chart(registry, REPOSITORY, version, archive_of(REPOSITORY, contents))


@pytest.mark.parametrize(
    ("version", "api_version", "values", "schema"),
    [
        ("8.0.0", "v2", "replicas: 1\n", STRICT),
        ("8.0.1", "v2", "ingress: {enabled: false, tls: false}\n", BOOLEAN_TLS),
        ("8.0.2", "v2", "config: [{name: a}]\n", None),
        ("8.0.3", "v1", "", None),
    ],
    ids=["strict", "boolean-tls", "config-is-a-list", "apiVersion-v1"],
)
def test_it_installs(
    platz: PlatzProcess, admin: Client, version: str, api_version: str, values: str, schema: Any
) -> None:
    files = {"values.yaml": values, "templates/given.yaml": CONFIG_MAP}
    if schema is not None:
        files["values.schema.json"] = json.dumps(schema)
    push(platz, version, files, api_version=api_version)

    assert admin.chart(REPOSITORY, version)["error"] is None
    made = admin.deploy(REPOSITORY, version, name=f"foreign-{version.replace('.', '-')}", config={})
    (task,) = admin.settled(made["id"], seconds=60)

    assert task["status"] == "Done", task["reason"]
    assert admin.deployment(made["id"])["status"] == "Running"


def test_a_chart_of_helm_2_with_its_list_of_dependencies_installs(platz: PlatzProcess, admin: Client) -> None:
    files = {
        "requirements.yaml": "dependencies:\n- {name: part, version: 1.0.0, repository: ''}\n",
        "charts/part/Chart.yaml": "apiVersion: v1\nname: part\nversion: 1.0.0\n",
        "charts/part/templates/given.yaml": CONFIG_MAP,
    }
    push(platz, "8.1.0", files, api_version="v1")

    assert admin.chart(REPOSITORY, "8.1.0")["error"] is None
    made = admin.deploy(REPOSITORY, "8.1.0", name="with-requirements", config={})
    (task,) = admin.settled(made["id"], seconds=60)

    assert task["status"] == "Done", task["reason"]
    assert "ConfigMap" in task["reason"]
