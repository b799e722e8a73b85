"""A folder of kubeconfigs: files come and go, and one that can't be used hides no other.

Source: docs/contract/workers.md, "A folder of kubeconfigs".
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from platz.backing_services import cluster_provider
from platz.config import SettingsError, load
from platz.discovery.kubeconfig_folder import KubeconfigFolder
from platz.errors import Rejected


def kubeconfig(server: str = "https://east.test", *, token: str = "t") -> str:
    """Return a kubeconfig as tools of other people write them: every context is called `default`."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "default",
            "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
            "clusters": [{"name": "default", "cluster": {"server": server}}],
            "users": [{"name": "default", "user": {"token": token}}],
        }
    )


@pytest.fixture
def source(tmp_path: Path) -> KubeconfigFolder:
    return KubeconfigFolder(tmp_path, environment={})


def found(source: KubeconfigFolder) -> dict[str, str]:
    return {cluster.name: cluster.access.server for cluster in source.search()}


def test_every_file_is_a_cluster_with_its_name(tmp_path: Path, source: KubeconfigFolder) -> None:
    (tmp_path / "east.yaml").write_text(kubeconfig())
    (tmp_path / "eu.prod").write_text(kubeconfig("https://prod.test"))
    assert found(source) == {"east": "https://east.test", "eu.prod": "https://prod.test"}
    (east, _) = source.search()
    assert (east.provider_id, east.region_name, east.access.name) == ("local:east", "local", "east")
    assert east.access.credentials.current().token == "t"


def test_an_unchanged_folder_is_found_equal(tmp_path: Path, source: KubeconfigFolder) -> None:
    (tmp_path / "east.yaml").write_text(kubeconfig())
    assert source.search() == source.search()
    assert not source.has_changed()


def test_a_file_that_is_added_changed_or_removed_is_noticed(tmp_path: Path, source: KubeconfigFolder) -> None:
    assert source.has_changed()
    assert found(source) == {}
    east = tmp_path / "east.yaml"
    for act in (
        lambda: east.write_text(kubeconfig()),
        lambda: east.write_text(kubeconfig(token="another")),
        east.unlink,
    ):
        assert not source.has_changed()
        act()
        assert source.has_changed()
        source.search()


def test_a_removed_file_is_told_until_it_comes_back(tmp_path: Path, source: KubeconfigFolder) -> None:
    east = tmp_path / "east.yaml"
    east.write_text(kubeconfig())
    source.search()
    assert source.removed() == {}
    east.unlink()
    assert found(source) == {}
    assert source.removed() == {"local:east": f"Its kubeconfig was removed from {tmp_path}."}
    east.write_text(kubeconfig())
    source.search()
    assert source.removed() == {}


@pytest.mark.parametrize(
    "broken", ["", "[", "current-context: x", "- a\n", kubeconfig("ftp://east.test"), "\0"]
)
def test_a_file_that_can_not_be_used_is_told_and_hides_no_other(
    tmp_path: Path, source: KubeconfigFolder, broken: str
) -> None:
    (tmp_path / "west.yaml").write_text(kubeconfig("https://west.test"))
    (tmp_path / "east.yaml").write_text(kubeconfig())
    source.search()
    (tmp_path / "east.yaml").write_text(broken)
    with capture_logs() as logs:
        assert found(source) == {"west": "https://west.test"}
    assert [line["file"] for line in logs] == ["east.yaml"]
    assert source.removed() == {}


def test_two_files_of_one_name_are_told(tmp_path: Path, source: KubeconfigFolder) -> None:
    (tmp_path / "east.yaml").write_text(kubeconfig("https://first.test"))
    (tmp_path / "east.yml").write_text(kubeconfig("https://second.test"))
    with capture_logs() as logs:
        assert found(source) == {"east": "https://first.test"}
    assert logs[0]["reason"] == "east.yaml has the same name: rename one of them."


def test_a_mounted_secret_is_followed_when_it_is_swapped(tmp_path: Path, source: KubeconfigFolder) -> None:
    """The kubelet writes a new folder beside the old one, and then turns the link `..data` to it."""

    def mount(version: str, server: str) -> None:
        folder = tmp_path / f"..{version}"
        folder.mkdir()
        (folder / "east").write_text(kubeconfig(server))
        (tmp_path / "..new").symlink_to(folder.name)
        (tmp_path / "..new").replace(tmp_path / "..data")

    mount("1", "https://old.test")
    (tmp_path / "east").symlink_to("..data/east")
    assert found(source) == {"east": "https://old.test"}
    mount("2", "https://new.test")
    assert source.has_changed()
    assert found(source) == {"east": "https://new.test"}


def test_files_that_a_kubeconfig_names_are_beside_it(tmp_path: Path, source: KubeconfigFolder) -> None:
    document = yaml.safe_load(kubeconfig())
    document["clusters"][0]["cluster"]["certificate-authority"] = ".ca.pem"
    (tmp_path / "east.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / ".ca.pem").write_bytes(b"PEM")
    (east,) = source.search()
    assert east.access.ca == b"PEM"


def test_a_folder_that_is_not_there_fails_the_search_and_removes_nothing(
    tmp_path: Path, source: KubeconfigFolder
) -> None:
    east = tmp_path / "east.yaml"
    east.write_text(kubeconfig())
    source.search()
    east.unlink()
    tmp_path.rmdir()
    with pytest.raises(Rejected, match="can't be read: No such file or directory"):
        source.search()
    assert source.removed() == {}
    assert not source.has_changed()


def test_the_folder_makes_the_provider_local_and_excludes_a_single_kubeconfig(tmp_path: Path) -> None:
    folder = {"PLATZ_KUBECONFIG_FOLDER": str(tmp_path), "DATABASE_URL": "postgresql://db.test/platz"}
    assert cluster_provider(load(flags={}, environ=folder, file=None).settings) == "local"
    with pytest.raises(SettingsError, match="PLATZ_KUBECONFIG_FOLDER excludes"):
        load(flags={}, environ={**folder, "PLATZ_LOCAL_CONTEXT": "east"}, file=None)
