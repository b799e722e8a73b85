"""Kinds for rows without one, which the former server allowed until version 20240831102801."""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption.leftovers import delete_rows

UNKNOWN = "Unknown"
"""The name of the kind of everything whose kind was not recorded."""

OF_ITS_CHART = """
    UPDATE deployments SET kind_id = registry.kind_id
    FROM helm_charts AS chart JOIN helm_registries AS registry ON registry.id = chart.helm_registry_id
    WHERE deployments.kind_id IS NULL AND chart.id = deployments.helm_chart_id
"""
REFERENCES = (
    ("helm_registries", "kind_id"),
    ("deployments", "kind_id"),
    ("deployment_resource_types", "deployment_kind_id"),
)


def give_everything_a_kind(connection: Connection) -> int:
    """Fill in missing kinds: a deployment's from its chart, others with a kind `Unknown`; return how many rows changed.

    A role for no kind allowed nothing, so it goes.
    """
    changed = connection.execute(text(OF_ITS_CHART)).rowcount
    for table, column in REFERENCES:
        is_missing = f"SELECT EXISTS (SELECT FROM {table} WHERE {column} IS NULL)"  # noqa: S608 - constants
        if connection.execute(text(is_missing)).scalar_one():
            changed += _fill(connection, table, column)
    return changed + delete_rows(
        connection, "deployment_permissions", "x.kind_id IS NULL", reason="It named no kind."
    )


def _fill(connection: Connection, table: str, column: str) -> int:
    insert = """
        INSERT INTO deployment_kinds (id, name) SELECT gen_random_uuid(), CAST(:name AS varchar)
        WHERE NOT EXISTS (SELECT FROM deployment_kinds WHERE name = :name)
    """
    update = f"""
        UPDATE {table} SET {column} = (SELECT id FROM deployment_kinds WHERE name = :name) WHERE {column} IS NULL
    """  # noqa: S608 - constants
    connection.execute(text(insert), {"name": UNKNOWN})
    return connection.execute(text(update), {"name": UNKNOWN}).rowcount
