"""Helm itself pushes to the registry and pulls from it, unmodified."""

from __future__ import annotations

import io
import tarfile
import uuid
from pathlib import Path

import httpx
import pytest

from platz.errors import Rejected
from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS
from platz_sandbox.demo_charts.packaging import archive_of, package
from platz_sandbox.registry.push import push_chart

ACCEPT = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
RELEASES = [pytest.param(chart, id=f"{chart.repository}-{chart.version}") for chart in DEMO_CHARTS]


def oci(registry: str) -> str:
    return "oci://" + registry.removeprefix("http://")


def small_chart(name: str = "tiny", version: str = "0.1.0") -> bytes:
    metadata = f"apiVersion: v2\nname: {name}\nversion: {version}\n"
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"
    return archive_of(name, {"Chart.yaml": metadata.encode(), "templates/x.yaml": template.encode()})


@pytest.mark.parametrize("chart", RELEASES)
def test_a_demo_chart_is_a_real_helm_artifact(http, chart):
    answer = http.get(f"/v2/{chart.repository}/manifests/{chart.version}", headers=ACCEPT)

    manifest = answer.json()
    assert manifest["config"]["mediaType"] == HELM_CONFIG
    assert [layer["mediaType"] for layer in manifest["layers"]] == [HELM_LAYER]
    config = http.get(f"/v2/{chart.repository}/blobs/{manifest['config']['digest']}").json()
    assert (config["name"], config["version"], config["apiVersion"]) == (
        chart.repository,
        chart.version,
        "v2",
    )
    layer = http.get(f"/v2/{chart.repository}/blobs/{manifest['layers'][0]['digest']}")
    assert layer.content == package(chart)


@pytest.mark.parametrize("chart", RELEASES)
def test_the_sdk_pulls_a_demo_chart(registry, helm_sdk, tmp_path, chart):
    helm_sdk.call(
        "pull",
        reference=f"{oci(registry)}/{chart.repository}",
        version=chart.version,
        folder=str(tmp_path),
    )

    (archive,) = tmp_path.iterdir()
    assert archive.read_bytes() == package(chart)


def test_what_the_sdk_pushes_the_sdk_lists_and_pulls(registry, helm_sdk, http, tmp_path):
    repository = f"sdk-{uuid.uuid4().hex[:8]}"
    file = tmp_path / "tiny-0.1.0.tgz"
    file.write_bytes(small_chart())

    helm_sdk.call("push", file=str(file), remote=f"{oci(registry)}/{repository}")

    assert helm_sdk.call("tags", reference=f"{oci(registry).removeprefix('oci://')}/{repository}/tiny") == [
        "0.1.0"
    ]
    manifest = http.get(f"/v2/{repository}/tiny/manifests/0.1.0", headers=ACCEPT).json()
    assert manifest["config"]["mediaType"] == HELM_CONFIG
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    helm_sdk.call("pull", reference=f"{oci(registry)}/{repository}/tiny", version="0.1.0", folder=str(pulled))
    assert (pulled / "tiny-0.1.0.tgz").read_bytes() == small_chart()


def test_what_push_chart_pushes_the_sdk_pulls(registry, helm_sdk, http, tmp_path):
    repository = f"ours-{uuid.uuid4().hex[:8]}/tiny"

    digest = push_chart(registry, repository, "0.1.0", small_chart())

    found = http.head(f"/v2/{repository}/manifests/0.1.0", headers=ACCEPT)
    assert found.headers["Docker-Content-Digest"] == digest
    helm_sdk.call("pull", reference=f"{oci(registry)}/{repository}", version="0.1.0", folder=str(tmp_path))
    assert (tmp_path / "tiny-0.1.0.tgz").read_bytes() == small_chart()


def test_the_same_chart_pushed_again_has_the_same_digest(registry):
    repository = f"ours-{uuid.uuid4().hex[:8]}"

    assert push_chart(registry, repository, "a", small_chart()) == push_chart(
        registry, repository, "b", small_chart()
    )


def test_the_executable_pulls_and_pushes_and_pulls_again(registry, helm, http, tmp_path):
    repository = f"executable-{uuid.uuid4().hex[:8]}"
    again = tmp_path / "again"
    again.mkdir()

    helm.run(*("pull", f"{oci(registry)}/web-shop", "--version", "1.1.0", "--plain-http"), folder=tmp_path)
    pushed = helm.run(
        *("push", "web-shop-1.1.0.tgz", f"{oci(registry)}/{repository}", "--plain-http"), folder=tmp_path
    )
    helm.run(
        *("pull", f"{oci(registry)}/{repository}/web-shop", "--version", "1.1.0", "--plain-http"),
        folder=again,
    )

    digest = http.head(f"/v2/{repository}/web-shop/manifests/1.1.0", headers=ACCEPT).headers[
        "Docker-Content-Digest"
    ]
    assert digest in pushed
    assert (again / "web-shop-1.1.0.tgz").read_bytes() == (tmp_path / "web-shop-1.1.0.tgz").read_bytes()


def test_the_executable_renders_a_chart_of_the_registry(registry, helm, tmp_path):
    said = helm.run(
        *("template", "demo", f"{oci(registry)}/web-shop", "--plain-http"),
        *("--version", "1.2.0-7-g3fa92c1-gift-cards"),
        folder=tmp_path,
    )

    assert "sandbox.platz.io/app: web-shop" in said


@pytest.mark.parametrize(
    "archive",
    [b"", b"no archive", package(DEMO_CHARTS[0])[:400], archive_of("x", {"values.yaml": b""})],
    ids=["empty", "nonsense", "cut off", "without Chart.yaml"],
)
def test_what_is_no_chart_is_not_pushed(registry, archive):
    with pytest.raises(Rejected):
        push_chart(registry, "nothing", "1", archive)


def test_a_broken_archive_is_pushed_when_its_metadata_is_given(registry, http):
    push_chart(registry, "tests/broken", "1.0.0", b"no archive", metadata={"name": "x", "version": "1.0.0"})

    (layer,) = http.get("/v2/tests/broken/manifests/1.0.0").json()["layers"]
    assert http.get(f"/v2/tests/broken/blobs/{layer['digest']}").content == b"no archive"


def test_a_refusal_of_the_registry_is_told(registry):
    with pytest.raises(Rejected, match="TAG_INVALID"):
        push_chart(registry, "tiny", "not a tag", small_chart())


def test_an_archive_depends_on_names_and_contents_alone():
    files = {"Chart.yaml": b"a", "templates/x.yaml": b"b" * 200_000}

    again = dict(reversed(files.items()))

    assert archive_of("x", files) == archive_of("x", again)


def test_an_archive_unpacks_to_its_files():
    files = {"Chart.yaml": b"a", "templates/x.yaml": b"b" * 200_000, "empty": b""}

    with tarfile.open(fileobj=io.BytesIO(archive_of("x", files)), mode="r:gz") as tar:
        unpacked = {entry.name: tar.extractfile(entry).read() for entry in tar}

    assert unpacked == {f"x/{name}": content for name, content in files.items()}


def test_the_demo_charts_are_there_again_after_a_restart_with_the_same_digests(start_registry):
    def digests(url: str) -> dict[str, str]:
        return {
            f"{chart.repository}:{chart.version}": httpx.head(
                f"{url}/v2/{chart.repository}/manifests/{chart.version}"
            ).headers["Docker-Content-Digest"]
            for chart in DEMO_CHARTS
        }

    before = digests(start_registry())

    assert digests(start_registry()) == before
    assert len(before) == len(DEMO_CHARTS)


def test_a_tag_that_somebody_pushed_is_not_overwritten_at_the_next_start(start_registry):
    mine = push_chart(start_registry(), "web-shop", "1.0.0", small_chart())

    url = start_registry()

    head = httpx.head(f"{url}/v2/web-shop/manifests/1.0.0")
    assert head.headers["Docker-Content-Digest"] == mine


def test_pushed_charts_outlive_a_restart(start_registry):
    push_chart(start_registry("--no-demo-charts"), "tiny", "0.1.0", small_chart())

    url = start_registry("--no-demo-charts")

    assert httpx.get(f"{url}/v2/_catalog").json() == {"repositories": ["tiny"]}
    assert httpx.get(f"{url}/v2/tiny/manifests/0.1.0").status_code == 200


@pytest.mark.parametrize("chart", RELEASES)
def test_helm_lint_finds_no_mistake_in_a_demo_chart(helm_sdk, tmp_path, chart):
    with tarfile.open(fileobj=io.BytesIO(package(chart)), mode="r:gz") as tar:
        tar.extractall(tmp_path, filter="data")

    report = helm_sdk.call("lint", folder=str(Path(tmp_path) / chart.repository))

    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] >= 2] == []
