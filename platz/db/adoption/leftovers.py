"""The merging and deletion of rows, with copies of the deleted ones.

Invariant: no row is deleted from a table of the former server without a copy in `adoption_leftovers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

CREATE = """
    CREATE TABLE IF NOT EXISTS adoption_leftovers (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        table_name varchar NOT NULL,
        row_as_it_was jsonb NOT NULL,
        kept_instead uuid,
        reason varchar NOT NULL
    )
"""


def keep_copy(
    connection: Connection, table: str, condition: str, *, reason: str, kept: str = "NULL::uuid"
) -> None:
    """Copy the rows ``x`` of ``table`` that satisfy ``condition``; ``kept`` is the SQL for the id of the kept row."""
    connection.execute(text(CREATE))
    copy = f"""
        INSERT INTO adoption_leftovers (table_name, row_as_it_was, kept_instead, reason)
        SELECT :table, to_jsonb(x), {kept}, :reason FROM {table} AS x WHERE {condition}
    """  # noqa: S608 - table and expressions are constants of this package
    connection.execute(text(copy), {"table": table, "reason": reason})


def delete_rows(connection: Connection, table: str, condition: str, *, reason: str) -> int:
    """Delete the rows ``x`` of ``table`` that satisfy ``condition``, after copying them."""
    keep_copy(connection, table, condition, reason=reason)
    deleted = connection.execute(text(f"DELETE FROM {table} AS x WHERE {condition}"))  # noqa: S608 - as above
    return deleted.rowcount


def merge_into(
    connection: Connection, table: str, pairs: str, references: Sequence[tuple[str, str]], *, reason: str
) -> int:
    """Make references point to the kept rows, then copy and delete the dropped rows; return how many were deleted.

    ``pairs`` is the name of a table with the columns ``dropped`` and ``kept``.
    """
    for other, column in references:
        connection.execute(
            text(f"UPDATE {other} SET {column} = kept FROM {pairs} WHERE {column} = dropped")  # noqa: S608
        )
    is_dropped = f"x.id IN (SELECT dropped FROM {pairs})"  # noqa: S608
    kept = f"(SELECT kept FROM {pairs} WHERE dropped = x.id)"  # noqa: S608
    keep_copy(connection, table, is_dropped, reason=reason, kept=kept)
    return connection.execute(text(f"DELETE FROM {table} AS x WHERE {is_dropped}")).rowcount  # noqa: S608
