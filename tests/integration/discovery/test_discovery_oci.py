"""Looking at an OCI registry: what is new is read, what is gone is marked, what comes back is there again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from typing_extensions import override

from platz.db import schema
from platz.db.database import Database
from platz.db.unreachable import DatabaseUnavailable
from platz.discovery.oci_charts import OciSearch, registry_domain
from platz.errors import PlatzError, Retryable
from platz.helm.oci_manifest import Manifest
from platz.helm.registry_client import RegistryBusy, RegistryClient, RoundOver
from platz_sandbox.demo_charts.demo_releases import DEMO_CHARTS
from platz_sandbox.demo_charts.packaging import archive_of, package
from platz_sandbox.registry.push import push_chart
from platz_sandbox.stand_in_process import StandInProcess

GUESTBOOK = package(next(chart for chart in DEMO_CHARTS if chart.repository == "guestbook"))


class FailingFor(RegistryClient):
    """A registry that does not answer about one tag."""

    def __init__(self, tag: str, url: str) -> None:
        super().__init__(url)
        self.failing = tag

    @override
    def manifest(self, repository: str, reference: str) -> Manifest:
        if reference == self.failing:
            raise Retryable("It hangs.")
        return super().manifest(repository, reference)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    arguments = ["--port", "0", "--data", str(tmp_path / "registry"), "--no-demo-charts"]
    process = StandInProcess(
        name="registry", module="platz_sandbox.registry", arguments=arguments, log=tmp_path / "log"
    )
    process.start()
    try:
        yield str(process.wait_until_ready(seconds=20)["url"])
    finally:
        process.stop(seconds=5)


@pytest.fixture
def search(registry: str, database: Database) -> Iterator[OciSearch]:
    with RegistryClient(registry) as client:
        yield OciSearch(registry=client, database=database, domain=registry_domain(registry))


def charts(database: Database) -> list[tuple[str, bool, bool]]:
    """Tag, availability and whether it could be read, of every chart."""
    table = schema.helm_charts
    with database.reading() as connection:
        rows = connection.execute(
            select(table.c.image_tag, table.c.available, table.c.error).order_by(table.c.image_tag)
        )
        return [(tag, available, error is None) for tag, available, error in rows]


def test_a_pushed_chart_is_found_once(search: OciSearch, registry: str, database: Database) -> None:
    push_chart(registry, "guestbook", "0.3.0", GUESTBOOK)
    assert search.look().recorded == 1
    assert search.look().recorded == 0
    assert charts(database) == [("0.3.0", True, True)]


def test_a_chart_that_does_not_parse_is_recorded_with_its_error(
    search: OciSearch, registry: str, database: Database
) -> None:
    push_chart(
        registry, "broken", "1.0.0", b"no archive at all", metadata={"name": "broken", "version": "1.0.0"}
    )
    push_chart(registry, "guestbook", "0.3.0", GUESTBOOK)
    assert search.look().failures == ()
    assert charts(database) == [("0.3.0", True, True), ("1.0.0", True, False)]


def test_a_tag_that_is_deleted_and_pushed_again_is_available_again(
    search: OciSearch, registry: str, database: Database
) -> None:
    push_chart(registry, "guestbook", "0.3.0", GUESTBOOK)
    push_chart(registry, "guestbook", "0.4.0", GUESTBOOK)
    search.look()
    assert httpx.delete(f"{registry}/v2/guestbook/manifests/0.3.0").status_code == 202
    assert search.look().removed == 1
    assert charts(database)[0] == ("0.3.0", False, True)
    push_chart(registry, "guestbook", "0.3.0", GUESTBOOK)
    search.look()
    assert charts(database)[0] == ("0.3.0", True, True)


def test_a_tag_that_cannot_be_read_keeps_nothing_else_waiting(registry: str, database: Database) -> None:
    for tag in ("0.3.0", "0.4.0"):
        push_chart(registry, "guestbook", tag, GUESTBOOK)
    push_chart(registry, "zoo", "1.0.0", GUESTBOOK)
    with FailingFor("0.3.0", registry) as client:
        search = OciSearch(registry=client, database=database, domain="registry")
        report = search.look()
        assert (report.recorded, report.failures) == (2, ("guestbook:0.3.0: It hangs.",))
        client.failing = ""
        assert search.look().recorded == 1


def test_a_chart_with_text_that_cannot_be_stored_is_recorded_with_its_error(
    search: OciSearch, registry: str, database: Database
) -> None:
    form = {"inputs": [{"id": "a", "type": "text", "label": "\0"}]}
    files = {"Chart.yaml": b"{apiVersion: v2, version: 1.0.0}", "values.ui.json": json.dumps(form).encode()}
    archive = archive_of("nul", files)
    push_chart(registry, "nul", "1.0.0", archive, metadata={"name": "nul", "version": "1.0.0"})
    assert search.look().failures == ()
    assert charts(database) == [("1.0.0", True, False)]


class Edited(RegistryClient):
    """A registry whose catalogue and answers the test changes; it counts the requests for tags."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.catalogue: list[str] | PlatzError = []
        self.failures: dict[str, PlatzError] = {}
        self.asked: list[str] = []

    @override
    def repositories(self) -> Iterator[str]:
        if isinstance(self.catalogue, PlatzError):
            raise self.catalogue
        yield from self.catalogue

    @override
    def tags(self, repository: str) -> Iterator[str]:
        self.asked.append(repository)
        if repository in self.failures:
            raise self.failures[repository]
        return super().tags(repository)


@pytest.fixture
def edited(registry: str, database: Database) -> Iterator[tuple[Edited, OciSearch]]:
    for repository in ("guestbook", "zoo"):
        push_chart(registry, repository, "1.0.0", GUESTBOOK)
    with Edited(registry) as client:
        client.catalogue = ["guestbook", "zoo"]
        search = OciSearch(registry=client, database=database, domain="registry")
        assert search.look().recorded == 2
        client.asked.clear()
        yield client, search


def available(database: Database) -> list[bool]:
    return [is_available for _, is_available, _ in charts(database)]


def test_charts_of_a_repository_that_left_the_catalogue_are_not_available(
    edited: tuple[Edited, OciSearch], database: Database
) -> None:
    client, search = edited
    client.catalogue = ["zoo"]
    assert search.look().removed == 1
    assert sorted(available(database)) == [False, True]
    assert search.look().removed == 0
    client.catalogue = ["zoo", "guestbook"]
    search.look()
    assert available(database) == [True, True]


def test_charts_that_another_process_found_leave_with_their_repository(
    edited: tuple[Edited, OciSearch], database: Database
) -> None:
    client, _ = edited
    client.catalogue = ["zoo"]
    assert OciSearch(registry=client, database=database, domain="registry").look().removed == 1
    assert OciSearch(registry=client, database=database, domain="other").look().removed == 0


def test_a_catalogue_that_was_not_read_completely_removes_nothing(
    edited: tuple[Edited, OciSearch], database: Database
) -> None:
    client, search = edited
    client.catalogue = Retryable("It hangs.")
    with pytest.raises(Retryable):
        search.look()
    assert available(database) == [True, True]


@pytest.mark.parametrize("error", [RoundOver(), RegistryBusy()])
def test_a_round_that_is_cut_off_goes_on_with_the_next_repository(
    error: PlatzError, edited: tuple[Edited, OciSearch]
) -> None:
    client, search = edited
    client.failures = {"guestbook": error}
    assert search.look().failures == (error.message,)
    assert client.asked == ["guestbook"]
    client.asked.clear()
    client.failures = {}
    assert search.look().failures == ()
    assert client.asked == ["zoo", "guestbook"]


def test_a_repository_that_fails_does_not_stop_the_others(edited: tuple[Edited, OciSearch]) -> None:
    client, search = edited
    client.failures = {"guestbook": Retryable("It drips.")}
    assert search.look().failures == ("guestbook: It drips.",)
    assert client.asked == ["guestbook", "zoo"]


def test_a_database_that_is_away_is_no_failure_of_the_registry(edited: tuple[Edited, OciSearch]) -> None:
    client, search = edited
    client.failures = {"guestbook": DatabaseUnavailable("The database is away.")}
    with pytest.raises(DatabaseUnavailable):
        search.look()
    assert client.asked == ["guestbook"]


def test_a_registry_that_is_away_is_told_and_forgets_nothing(database: Database) -> None:
    with RegistryClient("http://127.0.0.1:9") as client, pytest.raises(Retryable):
        OciSearch(registry=client, database=database, domain="127.0.0.1:9").look()


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://127.0.0.1:5001", "127.0.0.1:5001"),
        ("https://registry.example.com/", "registry.example.com"),
        ("https://registry.example.com:443/charts/", "registry.example.com"),
        ("http://registry.example.com:443", "registry.example.com:443"),
    ],
)
def test_the_domain_leaves_out_the_schemes_own_port(url: str, domain: str) -> None:
    assert registry_domain(url) == domain
