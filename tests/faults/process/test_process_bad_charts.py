"""Charts that can't be read or that do harm: a sentence says so, and the process continues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from acceptance.platz_client import Client, signed_in
from acceptance.platz_process import PlatzProcess

from platz_sandbox.demo_charts.packaging import archive_of
from platz_sandbox.registry.push import push_chart

REPOSITORY = "guestbook"


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatzProcess]:
    settings = {"PLATZ_HELM_MEMORY_MIB": "512", "PLATZ_OCI_POLL_INTERVAL": "1s", "PLATZ_STOP_TIMEOUT": "1s"}
    process = PlatzProcess(tmp_path_factory.mktemp("charts"), settings)
    yield process
    process.sweep()


@pytest.fixture
def admin(platz: PlatzProcess) -> Iterator[Client]:
    pid = platz.pid
    with signed_in(platz.url) as client:
        yield client
    assert platz.is_alive()
    assert platz.pid == pid
    assert "A child failed" not in platz.log


def chart_yaml(version: str) -> bytes:
    return f"apiVersion: v2\nname: {REPOSITORY}\nversion: {version}\n".encode()


def push(platz: PlatzProcess, version: str, files: Mapping[str, str]) -> None:
    contents = {name: text.encode() for name, text in files.items()}
    archive = archive_of(REPOSITORY, {"Chart.yaml": chart_yaml(version), **contents})
    push_chart(registry_of(platz), REPOSITORY, version, archive)


def registry_of(platz: PlatzProcess) -> str:
    return f"http://127.0.0.1:{platz.ports['PLATZ_REGISTRY_PORT']}"


def test_a_chart_whose_form_does_not_parse_is_recorded_with_the_reason(
    platz: PlatzProcess, admin: Client
) -> None:
    push(platz, "9.0.0", {"values.ui.json": '{"inputs": [', "templates/a.yaml": ""})

    chart = admin.chart(REPOSITORY, "9.0.0")

    assert "values.ui.json" in chart["error"]
    assert chart["values_ui"] is None
    assert admin.chart(REPOSITORY, "0.3.0")["error"] is None


def test_a_features_file_that_falls_back_is_accepted_with_a_warning(
    platz: PlatzProcess, admin: Client
) -> None:
    features = "apiVersion: platz.io/v1beta2\nkind: Features\nspec:\n  ingress: {hostname_format: Name}\n"
    push(platz, "9.0.2", {"platz/features.yaml": features})

    chart = admin.chart(REPOSITORY, "9.0.2")

    assert chart["error"] is None
    assert chart["features"]["standard_ingress"] is False
    assert any("platz/features.yaml" in warning and "enabled" in warning for warning in chart["warnings"])
    assert not admin.chart("web-shop", "1.0.0")["warnings"]


def test_an_archive_that_is_none_is_recorded_with_the_reason(platz: PlatzProcess, admin: Client) -> None:
    metadata = {"apiVersion": "v2", "name": REPOSITORY, "version": "9.0.1"}
    push_chart(registry_of(platz), REPOSITORY, "9.0.1", b"this is no archive", metadata=metadata)

    assert admin.chart(REPOSITORY, "9.0.1")["error"]


@pytest.mark.parametrize(
    ("name", "version", "template", "words"),
    [
        ("memory", "9.1.0", '{{ repeat 6000000000 "a" }}', "Helm ran out of memory"),
        (
            "endless",
            "9.1.1",
            '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
            "nested reference",
        ),
        ("no-yaml", "9.1.2", "apiVersion: v1\nkind: [", "parse"),
    ],
)
def test_a_template_that_does_harm_fails_its_task_alone(
    platz: PlatzProcess, admin: Client, name: str, version: str, template: str, words: str
) -> None:
    push(platz, version, {"templates/bad.yaml": template})

    made = admin.deploy(REPOSITORY, version, name=name, config={})
    well = admin.deploy("chaos-monkey", "1.0.0", name=f"beside-{name}", config={"mode": "works"})

    (task,) = admin.settled(made["id"], seconds=60)
    row = admin.deployment(made["id"])
    assert (task["status"], row["status"]) == ("Failed", "Error")
    assert words in task["reason"]
    assert len(task["reason"]) < 9000
    admin.running(well["id"])
