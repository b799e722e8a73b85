"""A database from before leases had epochs and tasks waited, with work under way: nothing of it is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from platz.db.database import Database
from platz.db.migrations import FOLDER
from platz.db.schema import platz_leases, platz_task_waits
from platz.db.scripts import run_script
from tests.integration.changes.world import World

MIGRATION = FOLDER / "sql" / "0007_leases_and_waits.sql"


@pytest.fixture
def world(database: Database) -> World:
    return World.build(database)


def migrate_once_more(world: World) -> None:
    """Go back to before the migration, and migrate."""
    with world.database.transaction() as connection:
        connection.execute(text("DROP TABLE platz_task_waits, platz_leases"))
        run_script(connection, MIGRATION)


def waits(world: World) -> set[tuple[object, object]]:
    with world.database.reading() as connection:
        rows = connection.execute(platz_task_waits.select())
        return {(row.task_id, row.waits_for) for row in rows}


@pytest.mark.parametrize("status", ["Pending", "Started"])
def test_an_upgrade_behind_a_recreate_stays_behind_it(world: World, status: str) -> None:
    shop = world.installed()
    world.update(shop, name="green")
    *_, recreate, upgrade = world.tasks(shop, pending=False)
    with world.database.transaction() as connection:
        connection.execute(
            text("UPDATE deployment_tasks SET status = :status, started_at = now() WHERE id = :id"),
            {"status": status, "id": recreate.id},
        )
    migrate_once_more(world)
    assert waits(world) == {(upgrade.id, recreate.id)}


def test_tasks_that_have_ended_and_unrelated_ones_wait_for_nothing(world: World) -> None:
    shop = world.installed()
    world.update(shop, name="green")
    world.settle(shop)
    world.update(shop, config={"size": "big"})
    migrate_once_more(world)
    assert waits(world) == set()


def test_nobody_has_a_lease_at_first(world: World) -> None:
    migrate_once_more(world)
    with world.database.reading() as connection:
        assert connection.execute(platz_leases.select()).all() == []
