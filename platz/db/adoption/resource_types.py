"""The merging of resource types that were declared twice, or both globally and for single environments.

Source: docs/contract/data-model.md, "Table deployment_resource_types".
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption.leftovers import merge_into

SAME_TYPE = """
    CREATE TEMPORARY TABLE same_type ON COMMIT DROP AS
    SELECT id AS dropped, kept, newest FROM (
        SELECT id,
            first_value(id) OVER (same ORDER BY env_id IS NOT NULL, created_at, id) AS kept,
            first_value(id) OVER (same ORDER BY env_id IS NOT NULL, created_at DESC, id DESC) AS newest
        FROM (
            SELECT *, bool_or(env_id IS NULL) OVER (PARTITION BY deployment_kind_id, key) AS is_global
            FROM deployment_resource_types) AS declared
        WINDOW same AS (PARTITION BY deployment_kind_id, key, CASE WHEN is_global THEN NULL ELSE env_id END)
        ) AS found
    WHERE id <> kept
"""
TAKE_NEWEST_SPEC = """
    UPDATE deployment_resource_types AS type SET spec = newest.spec
    FROM same_type JOIN deployment_resource_types AS newest ON newest.id = same_type.newest
    WHERE type.id = same_type.kept
"""
TELL_NAMESAKES_APART = """
    UPDATE deployment_resources SET name = name || ' (' || left(id::text, 8) || ')'
    WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (
                PARTITION BY type_id, name ORDER BY exists DESC, created_at, id) AS place
            FROM deployment_resources) AS ranked
        WHERE place > 1)
"""


def merge_resource_types(connection: Connection) -> int:
    """Keep the global type of each kind and key, or else one for each environment, with all items."""
    connection.execute(text(SAME_TYPE))
    connection.execute(text(TAKE_NEWEST_SPEC))
    merged = merge_into(
        connection,
        "deployment_resource_types",
        "same_type",
        (("deployment_resources", "type_id"),),
        reason="The resource type was declared twice.",
    )
    connection.execute(text(TELL_NAMESAKES_APART))
    return merged
