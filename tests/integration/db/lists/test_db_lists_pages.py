"""Pages of a list: every row once, whatever the page, the order and the values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from platz.db import schema
from platz.db.database import Database
from platz.db.lists import catalogue
from platz.db.lists.reading import MAX_OFFSET, Collection, Listing, read_item, read_page
from platz.errors import NotFound
from platz.identities import EnvId
from tests.integration.db.db_rows import (
    LONG_AGO,
    Ground,
    add,
    add_chart,
    add_cluster,
    add_deployment,
    add_task,
    lay_ground,
)

HOSTILE = [
    "'; DROP TABLE users; --",
    '"double"',
    "100%",
    "under_score",
    "back\\slash",
    "%(page)s",
    "%s",
    ":value",
    "{}",
    "$1",
    "ünïcödé 🙂",
    " leading and trailing ",
    "line\nbreak",
    "x" * 5000,
]


def page(
    database: Database,
    collection: Collection,
    *,
    number: int = 1,
    per_page: int = 50,
    seen: frozenset[EnvId] | None = None,
    **filters: object,
) -> dict[str, Any]:
    listing = Listing(page=number, per_page=per_page, filters=filters)
    with database.reading() as connection:
        return orjson.loads(read_page(connection, collection, listing, seen=seen))


def ids(answer: dict[str, Any]) -> list[UUID]:
    return [UUID(item["id"]) for item in answer["items"]]


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


@pytest.fixture
def bots(database: Database) -> list[UUID]:
    """Seven bots, all but the last two of one moment, so that their ids decide about the order."""
    with database.transaction() as connection:
        same = [
            add(connection, schema.bots, display_name=f"b{number}", created_at=LONG_AGO)
            for number in range(5)
        ]
        later = [
            add(
                connection,
                schema.bots,
                display_name=f"b{number}",
                created_at=LONG_AGO + timedelta(days=number),
            )
            for number in (5, 6)
        ]
    return [*sorted(same), *later]


@pytest.mark.parametrize("per_page", [1, 2, 3, 7, 8, 1000])
def test_pages_hold_every_row_once_and_in_order(database: Database, bots: list[UUID], per_page: int) -> None:
    pages = [page(database, catalogue.BOTS, number=n, per_page=per_page) for n in range(1, 9)]
    assert [each for answer in pages for each in ids(answer)] == bots
    assert {answer["num_total"] for answer in pages} == {7}
    assert [answer["page"] for answer in pages] == list(range(1, 9))


@pytest.mark.usefixtures("bots")
@pytest.mark.parametrize("number", [8, 10**9, 2**62, MAX_OFFSET])
def test_a_page_behind_the_last_is_empty(database: Database, number: int) -> None:
    answer = page(database, catalogue.BOTS, number=number, per_page=50)
    assert (answer["items"], answer["num_total"], answer["page"]) == ([], 7, number)


def test_an_empty_list_is_a_list(database: Database) -> None:
    assert page(database, catalogue.BOTS) == {"page": 1, "per_page": 50, "items": [], "num_total": 0}


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_a_hostile_value_finds_only_itself(database: Database, name: str) -> None:
    with database.transaction() as connection:
        wanted = add(connection, schema.bots, display_name=name)
        add(connection, schema.bots, display_name="something else")
    assert ids(page(database, catalogue.BOTS, display_name=name)) == [wanted]
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 0


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_a_hostile_value_is_shown_as_it_is(database: Database, name: str) -> None:
    with database.transaction() as connection:
        bot = add(connection, schema.bots, display_name=name)
    with database.reading() as connection:
        assert orjson.loads(read_item(connection, catalogue.BOTS, bot))["display_name"] == name


class TestMatches:
    """The three kinds of text match."""

    @pytest.fixture(autouse=True)
    def rows(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            for name in ("Shop", "shop", "shopping", "50%", "500"):
                add(connection, schema.deployment_kinds, name=name)
                add(connection, schema.bots, display_name=name)
            for name in ("Blue", "blue green", "b_ue"):
                values = {"provider_id": str(uuid4()), "region_name": "r"}
                add(connection, schema.k8s_clusters, **values, name=name)

    @pytest.mark.parametrize(
        ("value", "found"), [("Shop", ["Shop"]), ("SHOP", []), ("50%", ["50%"]), ("", [])]
    )
    def test_equality_minds_the_letter_case(self, database: Database, value: str, found: list[str]) -> None:
        answer = page(database, catalogue.DEPLOYMENT_KINDS, name=value)
        assert [item["name"] for item in answer["items"]] == found

    @pytest.mark.parametrize(("value", "found"), [("BLUE", ["Blue"]), ("b_ue", ["b_ue"]), ("blu", [])])
    def test_a_name_is_found_in_any_letter_case(
        self, database: Database, value: str, found: list[str]
    ) -> None:
        answer = page(database, catalogue.K8S_CLUSTERS, name=value)
        assert [item["name"] for item in answer["items"]] == found

    @pytest.mark.parametrize(
        ("value", "found"),
        [("SHOP", {"Shop", "shop", "shopping"}), ("%", {"50%"}), ("ping", {"shopping"}), ("_", set())],
    )
    def test_a_part_is_found_in_any_letter_case(
        self, database: Database, value: str, found: set[str]
    ) -> None:
        answer = page(database, catalogue.BOTS, display_name=value)
        assert {item["display_name"] for item in answer["items"]} == found

    def test_the_empty_part_is_in_everything(self, database: Database) -> None:
        assert page(database, catalogue.BOTS, display_name="")["num_total"] == 5


class TestTasks:
    """Filters of tasks."""

    @pytest.fixture
    def tasks(self, database: Database, ground: Ground) -> dict[str, UUID]:
        with database.transaction() as connection:
            deployment = add_deployment(connection, ground)
            done = {"status": "Done", "finished_at": LONG_AGO}
            future = datetime.now(UTC) + timedelta(days=1)
            return {
                "due": add_task(connection, ground, deployment, after=1),
                "done": add_task(connection, ground, deployment, after=2, **done),
                "future": add_task(connection, ground, deployment, execute_at=future),
                "new": add_task(connection, ground, deployment, after=3, created_at=future),
            }

    def test_the_latest_execution_comes_first(self, database: Database, tasks: dict[str, UUID]) -> None:
        order = [tasks[name] for name in ("future", "new", "done", "due")]
        assert ids(page(database, catalogue.DEPLOYMENT_TASKS)) == order

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"active_only": True}, {"due", "future", "new"}),
            ({"active_only": False}, {"due", "done", "future", "new"}),
            ({"show_future": False}, {"due", "done", "new"}),
            ({"show_future": True}, {"due", "done", "future", "new"}),
            ({"active_only": True, "show_future": False}, {"due", "new"}),
            ({"created_from": LONG_AGO + timedelta(microseconds=1)}, {"new"}),
            ({"created_from": LONG_AGO}, {"due", "done", "future", "new"}),
        ],
    )
    def test_each_filter_and_their_combination(
        self, database: Database, tasks: dict[str, UUID], filters: dict[str, object], found: set[str]
    ) -> None:
        answer = page(database, catalogue.DEPLOYMENT_TASKS, **filters)
        assert set(ids(answer)) == {tasks[name] for name in found}
        assert answer["num_total"] == len(found)

    def test_nothing_of_the_claim_is_shown(self, database: Database, tasks: dict[str, UUID]) -> None:
        assert tasks
        for item in page(database, catalogue.DEPLOYMENT_TASKS)["items"]:
            assert "claimed_by" not in item

    def test_a_time_has_six_digits_always(self, database: Database, tasks: dict[str, UUID]) -> None:
        (item,) = page(database, catalogue.DEPLOYMENT_TASKS, created_from=datetime.now(UTC))["items"]
        assert UUID(item["id"]) == tasks["new"]
        assert item["execute_at"] == "2024-03-09T12:34:59.000000Z"


class TestScope:
    """What the environments of a reader leave in a list."""

    @pytest.fixture
    def homes(self, database: Database, ground: Ground) -> dict[str, UUID]:
        with database.transaction() as connection:
            other = lay_ground(connection)
            stray = add_cluster(connection, None)
            return {
                "mine": add_deployment(connection, ground),
                "other": add_deployment(connection, other),
                "stray": add_deployment(connection, ground, cluster_id=stray),
            }

    def seen(self, database: Database, envs: frozenset[EnvId] | None) -> set[UUID]:
        return set(ids(page(database, catalogue.DEPLOYMENTS, seen=envs)))

    def test_only_deployments_of_seen_environments(
        self, database: Database, ground: Ground, homes: dict[str, UUID]
    ) -> None:
        assert self.seen(database, frozenset({ground.env})) == {homes["mine"]}

    def test_nothing_without_an_environment(self, database: Database, homes: dict[str, UUID]) -> None:
        assert homes
        assert self.seen(database, frozenset()) == set()

    def test_everything_for_those_who_see_everything(
        self, database: Database, homes: dict[str, UUID]
    ) -> None:
        assert self.seen(database, None) == set(homes.values())

    def test_a_filter_does_not_widen_the_scope(
        self, database: Database, ground: Ground, homes: dict[str, UUID]
    ) -> None:
        with database.reading() as connection:
            query = "SELECT cluster_id FROM deployments WHERE id = :d"
            cluster = connection.execute(text(query), {"d": homes["other"]}).scalar_one()
            query = "SELECT env_id FROM k8s_clusters WHERE id = :c"
            env = connection.execute(text(query), {"c": cluster}).scalar_one()
        answer = page(database, catalogue.DEPLOYMENTS, seen=frozenset({ground.env}), env_id=env)
        assert (answer["items"], answer["num_total"]) == ([], 0)


class TestCharts:
    """The filter for charts that are in use."""

    def test_a_used_chart_and_the_newest_of_its_branch(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            used, newest, other = (add_chart(connection, ground.registry) for _ in range(3))
            for chart, branch, day in ((used, "main", 1), (newest, "main", 2), (other, "dev", 3)):
                statement = "UPDATE helm_charts SET parsed_branch = :b, created_at = :c WHERE id = :i"
                values = {"b": branch, "c": LONG_AGO + timedelta(days=day), "i": chart}
                connection.execute(text(statement), values)
            add_deployment(connection, ground, helm_chart_id=used)
        assert ids(page(database, catalogue.HELM_CHARTS, in_use=True)) == [newest, used]
        assert page(database, catalogue.HELM_CHARTS, in_use=False)["num_total"] == 4

    def test_charts_of_a_kind(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            lay_ground(connection)
        assert ids(page(database, catalogue.HELM_CHARTS, kind_id=ground.kind)) == [ground.chart]


class TestResources:
    """Properties that a type marks as sensitive, or that are encrypted, are not shown."""

    def item(self, database: Database, ground: Ground, props: object, spec: object) -> Any:
        with database.transaction() as connection:
            values = {"deployment_kind_id": ground.kind, "key": str(uuid4()), "spec": spec}
            kind = add(connection, schema.deployment_resource_types, **values)
            resource = add(connection, schema.deployment_resources, type_id=kind, name="n", props=props)
        with database.reading() as connection:
            return orjson.loads(read_item(connection, catalogue.DEPLOYMENT_RESOURCES, resource))["props"]

    @pytest.mark.parametrize(
        ("props", "shown"),
        [
            ({"pin": "1", "size": 2}, {"size": 2}),
            ({"size": {"$encrypted": "x"}, "note": "n"}, {"note": "n"}),
            ({"size": {"deep": {"$encrypted": "x"}}}, {"size": {"deep": {"$encrypted": "x"}}}),
            ({}, {}),
            ([1, 2], [1, 2]),
            ("text", "text"),
        ],
    )
    def test_of_any_shape(self, database: Database, ground: Ground, props: object, shown: object) -> None:
        spec = {
            "values_ui": {"inputs": [{"id": "pin", "sensitive": True}, {"id": "size", "sensitive": False}]}
        }
        assert self.item(database, ground, props, spec) == shown

    @pytest.mark.parametrize("spec", [{}, {"values_ui": None}, {"values_ui": {"inputs": "no list"}}, [], "x"])
    def test_a_type_of_any_shape_hides_nothing_else(
        self, database: Database, ground: Ground, spec: object
    ) -> None:
        assert self.item(database, ground, {"size": 2}, spec) == {"size": 2}

    def test_deleted_ones_are_left_out_by_default(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            values = {"deployment_kind_id": ground.kind, "key": "k"}
            kind = add(connection, schema.deployment_resource_types, **values)
            there = add(connection, schema.deployment_resources, type_id=kind, name="there")
            gone = add(connection, schema.deployment_resources, type_id=kind, name="gone", exists=False)
        assert ids(page(database, catalogue.DEPLOYMENT_RESOURCES)) == [there]
        assert ids(page(database, catalogue.DEPLOYMENT_RESOURCES, exists=False)) == [gone]


def test_an_item_that_is_not_there_is_not_found(database: Database) -> None:
    with database.reading() as connection, pytest.raises(NotFound):
        read_item(connection, catalogue.BOTS, uuid4())


def test_a_shown_text_replaces_the_column(database: Database, bots: list[UUID]) -> None:
    with database.reading() as connection:
        shown = {"display_name": "'quoted' %s"}
        item = orjson.loads(read_item(connection, catalogue.BOTS, bots[0], shown=shown))
    assert item["display_name"] == "'quoted' %s"
