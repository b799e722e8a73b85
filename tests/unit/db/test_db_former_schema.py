"""What is known of the former server's versions and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

import platz
from platz.db import schema
from platz.db.adoption import former_schema
from platz.db.adoption.former_schema import ADDED_LATER, COLUMNS, columns_at, is_older
from platz.shipped_files import shipped

SQL = shipped("migrations", package=platz) / "sql"


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        ("20240911173524addbottokens", "20260613184500", True),
        ("20260613184500", "20260613184500", False),
        ("20260613184500anything", "20260613184500", False),
        ("00000000000000enableuuid", "20210314120000adduserstable", True),
        ("20260509120000", "20240911173524addbottokens", False),
    ],
)
def test_only_the_moment_of_a_version_counts(version: str, other: str, *, older: bool) -> None:
    assert is_older(version, other) is older


def test_platz_has_every_former_column() -> None:
    for table, columns in COLUMNS.items():
        assert columns <= set(schema.metadata.tables[table].columns.keys()), table


def test_a_column_that_came_later_is_not_in_a_released_version() -> None:
    released = columns_at(former_schema.RELEASED_VERSION)
    for table, column in ADDED_LATER.values():
        assert column not in released[table]
        assert column in columns_at(former_schema.NEWEST_VERSION)[table]
    assert columns_at(former_schema.NEWEST_VERSION) == COLUMNS


def test_the_script_of_versions_ends_with_the_released_one() -> None:
    script = Path(SQL / "hand_back_versions.sql").read_text()
    assert script.rstrip().splitlines()[-3].endswith(f"('{former_schema.RELEASED_VERSION}')")
    assert script.count("('") == 40


def test_the_oldest_adoptable_version_is_older_than_the_released_one() -> None:
    assert is_older(former_schema.OLDEST_ADOPTABLE, former_schema.RELEASED_VERSION)
