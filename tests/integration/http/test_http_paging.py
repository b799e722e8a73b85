"""Properties of every list: pages put together are the whole list, once each, in a total order; filters are exact."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from http_client import Installation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from platz.db import schema
from platz.db.database import Database
from platz.db.lists import reading
from platz.db.lists.catalogue import BOTS, DEPLOYMENT_TASKS, ENVS, HELM_TAG_FORMATS, K8S_RESOURCES
from platz.db.lists.reading import Collection, Listing

LETTERS = "abAB%_\\'\"é ß."
QUICK = settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def read(database: Database, collection: Collection, **asked: Any) -> dict[str, Any]:
    import orjson

    with database.reading() as connection:
        return orjson.loads(reading.read_page(connection, collection, Listing(**asked), seen=None))


@pytest.mark.parametrize("per_page", [1, 3, 7, 1000])
def test_walking_the_pages_sees_every_row_once_in_one_order(api: Installation, per_page: int) -> None:
    same_moment = datetime(2024, 1, 1, tzinfo=UTC)
    for _ in range(10):
        api.new_task(execute_at=same_moment, created_at=same_moment)
        api.insert(schema.bots, display_name="same", created_at=same_moment)
        api.insert(schema.helm_tag_formats, pattern=api.unique(), created_at=same_moment)
        api.new_workload(last_updated_at=same_moment)
    for collection in (DEPLOYMENT_TASKS, BOTS, HELM_TAG_FORMATS, K8S_RESOURCES):
        whole = [item["id"] for item in read(api.database, collection, per_page=1000)["items"]]
        walked: list[str] = []
        page = 1
        while items := read(api.database, collection, page=page, per_page=per_page)["items"]:
            walked += [item["id"] for item in items]
            page += 1
        assert walked == whole
        assert len(set(walked)) == len(walked) >= 10


@given(page=st.integers(1, 12), per_page=st.integers(0, 6))
@QUICK
def test_a_page_is_a_slice_and_the_total_is_true(database: Database, page: int, per_page: int) -> None:
    with database.transaction() as connection:
        connection.execute(schema.bots.delete())
        connection.execute(insert(schema.bots), [{"display_name": str(n)} for n in range(17)])
    whole = read(database, BOTS, per_page=1000)["items"]
    body = read(database, BOTS, page=page, per_page=per_page)
    start = (page - 1) * per_page
    assert body == {
        "page": page,
        "per_page": per_page,
        "items": whole[start : start + per_page],
        "num_total": 17,
    }


def test_a_page_far_beyond_the_end_is_empty_and_the_total_is_true(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(insert(schema.bots).values(display_name="alone"))
    body = read(database, BOTS, page=2**63 - 1, per_page=1000)
    assert body == {"page": 2**63 - 1, "per_page": 1000, "items": [], "num_total": 1}


@given(
    names=st.lists(st.text(LETTERS, max_size=6), min_size=1, max_size=8, unique=True),
    wanted=st.text(LETTERS, min_size=1, max_size=3),
)
@QUICK
def test_a_substring_filter_finds_what_contains_the_text(
    database: Database, names: list[str], wanted: str
) -> None:
    with database.transaction() as connection:
        connection.execute(schema.bots.delete())
        connection.execute(insert(schema.bots), [{"display_name": name} for name in names])
    body = read(database, BOTS, filters={"display_name": wanted})
    expected = sorted(name for name in names if wanted.lower() in name.lower())
    assert sorted(item["display_name"] for item in body["items"]) == expected
    assert body["num_total"] == len(expected)


@given(name=st.text(LETTERS, min_size=1, max_size=5), wanted=st.text(LETTERS, min_size=1, max_size=5))
@QUICK
def test_a_case_insensitive_filter_is_an_equality(database: Database, name: str, wanted: str) -> None:
    with database.transaction() as connection:
        connection.execute(schema.envs.delete())
        connection.execute(insert(schema.envs).values(name=name))
    assert read(database, ENVS, filters={"name": wanted})["num_total"] == (wanted.lower() == name.lower())
    assert (
        read(database, ENVS, filters={"name": name.swapcase() if name.isascii() else name})["num_total"] == 1
    )
