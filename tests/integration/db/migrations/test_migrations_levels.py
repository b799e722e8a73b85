"""Databases of every version of the former server: which are adopted, and what the others are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from former_platz import LEVELS, FormerPlatz, Installation
from test_migrations_schema import COLUMNS, CONSTRAINTS, FUNCTIONS, INDEXES, TRIGGERS, picture

from platz.db.adoption.detection import CannotBeAdopted
from platz.db.database import Database
from platz.db.migrations import migrate

EVERYTHING = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS)
RELEASED = "20240911173524addbottokens"
VERSION_TABLE = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp)"


@pytest.fixture
def former(empty_database: Database) -> Iterator[Installation]:
    installation = Installation(empty_database)
    installation.build()
    yield installation
    installation.close()


@pytest.fixture
def bare(empty_database: Database) -> Iterator[FormerPlatz]:
    connected = FormerPlatz(empty_database)
    yield connected
    connected.close()


def refusal(database: Database) -> str:
    with pytest.raises(CannotBeAdopted) as refused:
        migrate(database)
    return str(refused.value)


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_becomes_the_same_schema_and_keeps_its_rows(
    former: Installation, empty_database: Database, database: Database, level: str
) -> None:
    deployment = former.add_deployment(config={"size": 1})
    task = former.add_task(deployment, reason="done")
    former.add("secrets", env_id=former.env, collection="c", name="n", contents="plain")
    former.go_back_to(level)
    tables = ("users", "envs", "helm_registries", "helm_charts", "deployments", "deployment_tasks", "secrets")
    before = {table: former.rows(table) for table in tables}
    migrate(empty_database)
    assert picture(empty_database, *EVERYTHING) == picture(database, *EVERYTHING)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in former.rows(table)] == rows, table
    assert former.row("deployment_tasks", task)
    assert [row["provider"] for row in former.rows("helm_registries")] == ["Ecr"]


@pytest.mark.parametrize("level", LEVELS)
def test_adopting_twice_changes_nothing(former: Installation, empty_database: Database, level: str) -> None:
    former.go_back_to(level)
    former.add_deployment()
    migrate(empty_database)
    before = picture(empty_database, *EVERYTHING), former.rows("deployments"), former.rows("helm_registries")
    migrate(empty_database)
    after = picture(empty_database, *EVERYTHING), former.rows("deployments"), former.rows("helm_registries")
    assert after == before


def test_the_provider_of_a_registry_stays_where_there_is_one(
    former: Installation, empty_database: Database
) -> None:
    former.add("helm_registries", domain_name="o", repo_name="o", kind_id=former.kind, provider="Oci")
    migrate(empty_database)
    assert sorted(row["provider"] for row in former.rows("helm_registries")) == ["Ecr", "Oci"]


class TestRowsWithoutAKind:
    """Before version 20240831102801 the column allowed NULL."""

    @pytest.fixture(autouse=True)
    def early(self, former: Installation) -> None:
        former.go_back_to("20240831095523deploymentkindtriggers")

    def test_a_deployment_gets_the_kind_of_its_chart(
        self, former: Installation, empty_database: Database
    ) -> None:
        deployment = former.add_deployment(kind_id=None)
        migrate(empty_database)
        row = former.row("deployments", deployment)
        assert row is not None
        assert row["kind_id"] == former.kind
        assert [row["name"] for row in former.rows("deployment_kinds")] == ["Shop"]

    def test_what_tells_nothing_about_its_kind_gets_one_called_unknown(
        self, former: Installation, empty_database: Database
    ) -> None:
        registry = former.add("helm_registries", domain_name="x", repo_name="y", kind_id=None)
        deployment = former.add_deployment(kind_id=None, helm_chart_id=None)
        migrate(empty_database)
        (unknown,) = (row["id"] for row in former.rows("deployment_kinds") if row["name"] == "Unknown")
        for table, row_id in (("helm_registries", registry), ("deployments", deployment)):
            row = former.row(table, row_id)
            assert row is not None
            assert row["kind_id"] == unknown

    def test_a_role_for_no_kind_goes_and_is_written_down(
        self, former: Installation, empty_database: Database
    ) -> None:
        former.add(
            "deployment_permissions", env_id=former.env, user_id=former.user, kind_id=None, role="Owner"
        )
        migrate(empty_database)
        assert former.rows("deployment_permissions") == []
        assert [row["reason"] for row in former.rows("adoption_leftovers")] == ["It named no kind."]


@pytest.mark.parametrize("version", ["20240217195400canceldeploymenttasks", "20210314120000adduserstable"])
def test_an_older_version_is_told_a_release_that_exists(
    bare: FormerPlatz, empty_database: Database, version: str
) -> None:
    bare.execute(VERSION_TABLE)
    bare.execute(f"INSERT INTO __diesel_schema_migrations VALUES ('{version}')")
    bare.execute("CREATE TABLE users (id uuid)")
    said = refusal(empty_database)
    assert version in said
    assert "start release 0.6.8" in said
    assert RELEASED in said
    assert "belong" not in said


def test_a_version_that_is_newer_than_this_platz_is_told_so(
    former: Installation, empty_database: Database
) -> None:
    former.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20300101000000later')")
    assert "20300101000000later of the former Platz server, which is newer" in refusal(empty_database)


@pytest.mark.parametrize(
    "beside", ["SELECT 1", "CREATE TABLE posts (id int)", "CREATE TABLE users (id uuid)"]
)
def test_a_migration_table_without_a_version_is_no_strangers_database(
    bare: FormerPlatz, empty_database: Database, beside: str
) -> None:
    bare.execute(VERSION_TABLE)
    bare.execute(beside)
    said = refusal(empty_database)
    assert "no version" in said
    assert "does not belong" not in said


def test_what_is_missing_and_can_not_be_added_is_named(
    former: Installation, empty_database: Database
) -> None:
    former.go_back_to(RELEASED)
    former.execute("DROP TABLE secrets")
    former.execute("ALTER TABLE k8s_clusters DROP COLUMN region_name")
    said = refusal(empty_database)
    assert "lacks k8s_clusters.region_name, secrets" in said
    present = former.select(
        "SELECT 1 FROM information_schema.columns WHERE table_name = 'helm_registries' AND column_name = 'provider'"
    )
    assert present == [], "nothing was added"


def test_an_optional_column_that_somebody_dropped_is_added_again(
    former: Installation, empty_database: Database
) -> None:
    former.execute("ALTER TABLE k8s_clusters DROP COLUMN grafana_url")
    task = former.add_task(former.add_deployment())
    former.execute("ALTER TABLE deployment_tasks DROP COLUMN execute_at")
    migrate(empty_database)
    row = former.row("deployment_tasks", task)
    assert row is not None
    assert row["execute_at"] is not None
