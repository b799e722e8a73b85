"""Which databases are taken, and that every way leads to the same schema."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from database import free_port
from former_platz import FormerPlatz
from sqlalchemy import create_engine, text

from platz.db.address import DatabaseAddress
from platz.db.adoption.detection import NewerSchema, NotAPlatzDatabase
from platz.db.database import Database
from platz.db.migrations import MigrationFailed, migrate
from platz.db.schema import metadata
from platz.db.unreachable import DatabaseUnreachable

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
COLUMNS = """
    SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull,
        pg_get_expr(adbin, adrelid)
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ANY(:tables) AND attnum > 0 AND NOT attisdropped
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ANY(:tables) AND contype <> 'n'
"""
INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY(:tables)"
TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = ANY(:tables) AND NOT tgisinternal"
FUNCTIONS = """
    SELECT pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname <> 'uuid_generate_v4'
"""


def picture(database: Database, *queries: str) -> dict[str, set[tuple[object, ...]]]:
    """Give the catalogue's rows about the tables of Platz."""
    with database.reading() as connection:
        oids = connection.execute(
            text("SELECT oid FROM pg_class WHERE relname = ANY(:names) AND relkind = 'r'"),
            {"names": list(metadata.tables)},
        )
        tables = {"tables": list(oids.scalars())}
        return {
            query: {
                tuple(row) for row in connection.execute(text(query), tables if ":tables" in query else {})
            }
            for query in queries
        }


def test_an_adopted_database_has_the_same_schema_as_a_new_one(
    empty_database: Database, database: Database
) -> None:
    former = FormerPlatz(empty_database)
    former.build()
    migrate(empty_database)
    former.close()
    everything = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS)
    assert picture(empty_database, *everything) == picture(database, *everything)


def test_the_schema_module_makes_the_same_tables(empty_database: Database, database: Database) -> None:
    with empty_database.transaction() as connection:
        metadata.create_all(connection)
    described = (COLUMNS, CONSTRAINTS, INDEXES)
    assert picture(empty_database, *described) == picture(database, *described)


def test_a_new_database_has_the_default_environment_and_the_tag_formats(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(text("SELECT name FROM envs")).scalars().all() == ["Default"]
        patterns = connection.execute(text("SELECT pattern FROM helm_tag_formats")).scalars().all()
    assert set(patterns) == {
        r"^(chart-)?v?(?P<version>\d+\.\d+\.\d+)((-(?P<revision>\d+))?(-g(?P<commit>[0-9a-zA-Z]+))?-(?P<branch>[-\w]+))?$",
        r"^(chart-)?v?(?P<version>\d+\.\d+\.\d+)-(?P<branch>[-_A-Za-z0-9]+)\.(?P<revision>\d+)$",
    }


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM envs")).scalar_one() == 1


def test_processes_that_start_together_wait_for_each_other(empty_database: Database) -> None:
    problems: list[Exception] = []
    together = threading.Barrier(5)

    def start() -> None:
        together.wait()
        try:
            migrate(empty_database)
        except Exception as error:  # noqa: BLE001 - the test wants to see any
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with empty_database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM envs")).scalar_one() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE invoices (id int)",
        "CREATE TABLE users (id int)",
        "CREATE VIEW answers AS SELECT 42",
        "CREATE SCHEMA other; CREATE TABLE other.thing (id int)",
        "CREATE TABLE alembic_version (version_num varchar); INSERT INTO alembic_version VALUES ('3f2a')",
    ],
)
def test_a_database_of_somebody_else_is_refused_and_left_alone(
    empty_database: Database, statement: str
) -> None:
    with empty_database.dedicated() as connection:
        connection.execute(statement.encode())
        before = connection.execute("SELECT oid FROM pg_class ORDER BY oid").fetchall()
        with pytest.raises(NotAPlatzDatabase, match="does not belong to Platz"):
            migrate(empty_database)
        assert connection.execute("SELECT oid FROM pg_class ORDER BY oid").fetchall() == before


def test_a_database_of_a_newer_platz_is_refused(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'platz_9999'"))
    with pytest.raises(NewerSchema, match="newer version of Platz"):
        migrate(database)


def test_an_installed_extension_does_not_count_as_somebody_else_s_table(empty_database: Database) -> None:
    with empty_database.dedicated() as connection:
        connection.execute("CREATE EXTENSION vector")
    migrate(empty_database)


def test_a_user_who_may_not_create_tables_is_told_so(empty_database: Database) -> None:
    with empty_database.dedicated() as connection:
        connection.execute("CREATE ROLE visitor LOGIN PASSWORD 'visitor'")
    address = empty_database.address
    visitor = DatabaseAddress(
        host=address.host, port=address.port, database=address.database, user="visitor", password="visitor"
    )
    try:
        with pytest.raises(MigrationFailed, match="visitor may not create tables"):
            migrate(Database(visitor))
    finally:
        with empty_database.dedicated() as connection:
            connection.execute("DROP ROLE visitor")


def test_a_database_that_is_away_is_one_sentence(empty_database: Database) -> None:
    address = replace(empty_database.address, port=free_port())
    with pytest.raises(DatabaseUnreachable, match="nothing listens there"):
        migrate(Database(address))


def test_the_statements_need_no_extension() -> None:
    engine = create_engine("postgresql+psycopg://")
    for table in metadata.tables.values():
        for column in table.columns:
            assert "uuid_generate" not in str(column.server_default)
    engine.dispose()
