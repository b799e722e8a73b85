"""Charts are read from a real OCI registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platz.errors import NotFound
from platz.helm.registry_client import RegistryClient
from platz_sandbox.registry.push import push_chart


@pytest.fixture
def client(registry_url: str) -> Iterator[RegistryClient]:
    with RegistryClient(registry_url) as opened:
        yield opened


def test_a_pushed_chart_comes_back_byte_for_byte(
    client: RegistryClient, registry_url: str, make_chart: Callable[..., Path]
) -> None:
    archive = make_chart(name="same").read_bytes()
    digest = push_chart(registry_url, "team/same-chart", "1.0.0", archive)
    manifest = client.manifest("team/same-chart", "1.0.0")
    assert manifest.digest == digest
    assert manifest.is_chart
    assert client.pull_chart("team/same-chart", "1.0.0") == archive
    assert client.pull_chart("team/same-chart", digest) == archive


def test_all_pages_of_tags_and_repositories_are_read(
    client: RegistryClient, registry_url: str, make_chart: Callable[..., Path]
) -> None:
    archive = make_chart(name="many").read_bytes()
    tags = [f"1.0.{number}" for number in range(101)]
    for tag in tags:
        push_chart(registry_url, "many", tag, archive)
    for number in range(101):
        push_chart(registry_url, f"repository-{number}", "1.0.0", archive)
    assert sorted(client.tags("many")) == sorted(tags)
    assert {f"repository-{number}" for number in range(101)} <= set(client.repositories())


def test_a_repository_that_is_not_there_is_not_found(client: RegistryClient) -> None:
    with pytest.raises(NotFound, match=r"has no /v2/nobody/tags/list\."):
        list(client.tags("nobody"))
    with pytest.raises(NotFound):
        client.manifest("nobody", "1.0.0")
