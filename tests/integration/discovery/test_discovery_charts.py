"""Recording charts: idempotent, with kinds, registries and tag information.

Source: docs/contract/workers.md, "ECR push", "ECR deletion", "Download and reading of a chart", "Kind from a
repository name", "Chart rows and tag information", "Tag parser".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, Table, select, text

from platz.charts.chart import ReadChart
from platz.charts.documents.chart_metadata import MAX_TEXT_LENGTH, ChartMetadata
from platz.db import schema
from platz.db.database import Database
from platz.db.enums import RegistryProvider
from platz.db.tables import kinds
from platz.discovery.chart_records import (
    apply_tag_formats,
    record_chart,
    record_present,
    record_removal,
    seen_again,
)
from platz.discovery.findings import FoundChart
from platz.identities import ChartId

PUSHED = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOUND = FoundChart(
    provider=RegistryProvider.OCI,
    domain_name="registry.test:5001",
    repo_name="web-shop-chart",
    tag="1.2.3-5-gabc-main",
    digest="sha256:1",
    pushed_at=PUSHED,
    registry_created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
READ = ReadChart(
    values_ui={"inputs": [], "outputs": {}}, metadata=ChartMetadata(version="1.2.3"), warnings=("Mind.",)
)
BROKEN = ReadChart(error="platz/features.yaml: no")
PLACE = {"domain_name": FOUND.domain_name, "repo_name": FOUND.repo_name}


def record(database: Database, read: ReadChart = READ, **changes: Any) -> ChartId | None:
    with database.transaction() as connection:
        return record_chart(connection, replace(FOUND, **changes), read)


def stored(database: Database, chart_id: ChartId | None) -> Row[Any]:
    return row_of(database, schema.helm_charts, chart_id)


def row_of(database: Database, table: Table, row_id: UUID | None) -> Row[Any]:
    with database.reading() as connection:
        return connection.execute(select(table).where(table.c.id == row_id)).one()


def info(row: Row[Any]) -> tuple[bool, str | None, str | None, str | None, str | None]:
    known = row.tag_format_id is not None
    return known, row.parsed_version, row.parsed_revision, row.parsed_branch, row.parsed_commit


def test_a_chart_seen_again_with_its_registry_and_kind(database: Database) -> None:
    row = stored(database, record(database))
    assert (row.created_at, row.available, row.error, row.warnings) == (PUSHED, True, None, ["Mind."])
    assert row.values_ui == READ.values_ui
    registry = row_of(database, schema.helm_registries, row.helm_registry_id)
    kind = row_of(database, schema.deployment_kinds, registry.kind_id)
    assert (registry.domain_name, registry.repo_name) == ("registry.test:5001", "web-shop-chart")
    assert (registry.fa_icon, registry.created_at) == ("question", FOUND.registry_created_at)
    assert kind.name == "WebShop"


def test_what_is_delivered_twice_seen_again_once(database: Database) -> None:
    assert record(database) is not None
    assert record(database) is None


def test_many_processes_record_a_chart_once(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: record(database), range(8)))
    assert sum(result is not None for result in results) == 1
    with database.reading() as connection:
        assert connection.execute(text("select count(*) from helm_charts")).scalar() == 1
        assert connection.execute(text("select count(*) from helm_registries")).scalar() == 1


@pytest.mark.parametrize("other", [{"tag": "2.0.0"}, {"digest": "sha256:2"}, {"repo_name": "other"}], ids=str)
def test_another_tag_digest_or_repository_is_another_chart(database: Database, other: dict[str, str]) -> None:
    first = record(database)
    assert record(database, **other) not in {first, None}


def test_a_moved_registry_keeps_its_kind(database: Database) -> None:
    row = stored(database, record(database))
    with database.transaction() as connection:
        moved = kinds.get_or_create(connection, "Moved").id
        connection.execute(text("update helm_registries set kind_id = :kind"), {"kind": moved})
    record(database, tag="2.0.0")
    assert row_of(database, schema.helm_registries, row.helm_registry_id).kind_id == moved


def test_a_chart_that_could_not_be_read_is_read_again(database: Database) -> None:
    broken = record(database, BROKEN)
    with database.reading() as connection:
        assert not seen_again(connection, FOUND)
    assert record(database) == broken
    row = stored(database, broken)
    assert (row.error, row.values_ui) == (None, READ.values_ui)
    with database.reading() as connection:
        assert seen_again(connection, FOUND)


def test_a_chart_that_was_read_does_not_become_broken(database: Database) -> None:
    good = record(database)
    assert record(database, BROKEN) is None
    assert stored(database, good).error is None


def test_a_removal_and_a_new_push_change_the_availability(database: Database) -> None:
    chart_id = record(database)
    other = record(database, tag="latest")
    with database.transaction() as connection:
        assert record_removal(connection, **PLACE, digest="sha256:1", tag="latest") == [other]
        assert record_removal(connection, **PLACE, digest="sha256:1") == [chart_id]
        assert record_removal(connection, domain_name="x", repo_name="y", digest="sha256:1") == []
    assert not stored(database, chart_id).available
    assert record(database) is None
    assert stored(database, chart_id).available
    assert not stored(database, other).available


def test_what_a_complete_listing_does_not_name_is_gone(database: Database) -> None:
    kept, moved = record(database), record(database, tag="latest", digest="sha256:0")
    with database.transaction() as connection:
        present = [(FOUND.tag, FOUND.digest), ("latest", "sha256:1")]
        assert record_present(connection, **PLACE, present=present) == [moved]
        assert record_present(connection, **PLACE, present=present) == []
    assert stored(database, kept).available


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (READ, (True, "1.2.3", None, "main", "abc")),
        (BROKEN, (True, "1.2.3", "5", "main", "abc")),
        (
            replace(READ, metadata=ChartMetadata(version="9", git_branch="dev")),
            (False, "9", None, "dev", None),
        ),
        (
            replace(READ, metadata=ChartMetadata(version="9", git_commit="f00")),
            (False, "9", None, None, "f00"),
        ),
    ],
    ids=["plain", "unreadable", "branch", "commit"],
)
def test_tag_information_comes_from_metadata_and_tag(
    database: Database, read: ReadChart, expected: tuple[object, ...]
) -> None:
    assert info(stored(database, record(database, read))) == expected


def test_the_longest_branch_of_a_chart_can_be_recorded(database: Database) -> None:
    incompressible = "".join(map(chr, Random(1).choices(range(0x10000, 0x20000), k=MAX_TEXT_LENGTH)))
    read = replace(READ, metadata=ChartMetadata(version="9", git_branch=incompressible))
    assert stored(database, record(database, read)).parsed_branch == incompressible


def test_a_tag_that_no_format_knows_gives_nothing(database: Database) -> None:
    row = stored(database, record(database, BROKEN, tag="latest"))
    assert info(row) == (False, None, None, None, None)


def add_format(database: Database, pattern: str) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("insert into helm_tag_formats (pattern) values (:pattern)"), {"pattern": pattern}
        )


def apply(database: Database) -> int:
    with database.transaction() as connection:
        return apply_tag_formats(connection)


def test_a_new_format_is_applied_to_present_charts_once(database: Database) -> None:
    read, unread = record(database, tag="nightly_x"), record(database, BROKEN, tag="nightly_y")
    add_format(database, r"^nightly_(?P<branch>\w+)$")
    assert apply(database) == 2
    assert info(stored(database, read)) == (True, "1.2.3", None, "x", "")
    assert info(stored(database, unread)) == (True, "", "", "y", "")
    assert apply(database) == 0


def test_the_newest_format_wins(database: Database) -> None:
    chart = record(database)
    add_format(database, r"^(?P<version>1)\.(?P<branch>2)")
    assert apply(database) == 1
    assert info(stored(database, chart)) == (True, "1.2.3", None, "2", "")


def test_what_came_from_annotations_is_never_overwritten(database: Database) -> None:
    metadata = ChartMetadata(version="9", git_branch="dev", git_commit="f00")
    chart = record(database, replace(READ, metadata=metadata))
    assert apply(database) == 0
    assert info(stored(database, chart)) == (False, "9", None, "dev", "f00")


def test_values_are_never_replaced_by_nothing(database: Database) -> None:
    chart = record(database)
    before = info(stored(database, chart))
    with database.transaction() as connection:
        connection.execute(text("delete from helm_tag_formats"))
    add_format(database, "^something-else$")
    assert apply(database) == 0
    assert info(stored(database, chart))[1:] == before[1:]


def test_no_formats_change_nothing(database: Database) -> None:
    record(database)
    with database.transaction() as connection:
        connection.execute(text("delete from helm_tag_formats"))
    assert apply(database) == 0
