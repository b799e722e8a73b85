"""The removal of the former server's constraints, indexes, triggers and trigger functions.

Invariant: afterwards the tables have only their columns and primary keys, whatever the old names were.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption import former_schema

OURS = "relname = ANY(:tables) AND relnamespace = 'public'::regnamespace"
"""The condition for Platz's tables. In the statements below, `format('%I')` quotes names from the catalogue."""

DROP_TRIGGERS = f"""
    SELECT format('DROP TRIGGER %I ON %I', tgname, relname)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE {OURS} AND NOT tgisinternal
"""  # noqa: S608 - constants only
TRIGGER_FUNCTIONS = f"""
    SELECT DISTINCT tgfoid FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE {OURS} AND NOT tgisinternal
"""  # noqa: S608
DROP_UNUSED_FUNCTIONS = """
    SELECT format('DROP FUNCTION %s', oid::regprocedure) FROM pg_proc
    WHERE oid = ANY(:functions) AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = pg_proc.oid)
"""
DROP_CONSTRAINTS = f"""
    SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', relname, conname)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE {OURS} AND contype IN ('f', 'c', 'u', 'x')
"""  # noqa: S608
DROP_INDEXES = f"""
    SELECT format('DROP INDEX %s', indexrelid::regclass)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE {OURS} AND NOT indisprimary
"""  # noqa: S608
RENAME_PRIMARY_KEYS = f"""
    SELECT format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', relname, conname, relname || '_pkey')
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE {OURS} AND contype = 'p' AND conname <> relname || '_pkey'
"""  # noqa: S608


def drop_old_rules(connection: Connection) -> None:
    """Lock the tables against a former server that still runs, then drop its constraints, indexes and triggers."""
    tables = {"tables": sorted(former_schema.COLUMNS)}
    for table in tables["tables"]:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
    functions = {"functions": list(connection.execute(text(TRIGGER_FUNCTIONS), tables).scalars())}
    _run_all(connection, DROP_TRIGGERS, tables)
    _run_all(connection, DROP_UNUSED_FUNCTIONS, functions)
    _run_all(connection, DROP_CONSTRAINTS, tables)
    _run_all(connection, DROP_INDEXES, tables)
    _run_all(connection, RENAME_PRIMARY_KEYS, tables)


def _run_all(connection: Connection, query: str, arguments: dict[str, list[str]]) -> None:
    """Run every statement that ``query`` returns."""
    for statement in connection.execute(text(query), arguments).scalars().all():
        connection.exec_driver_sql(statement)
