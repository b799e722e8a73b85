"""The conversion of query rows into frozen dataclasses whose fields are named like the columns.

Invariant: every column of a query is a field of its row type, and every field without a default is a column; otherwise
the first row fails. A row type lists the columns that are read, and a query selects just these (`columns_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from sqlalchemy import Column, Connection, Executable, Table

AnyRow = TypeVar("AnyRow")


def driver_row(connection: Connection, statement: str, bound: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Run finished SQL (with ``%(name)s`` for ``bound`` values) directly on the driver; return its first row or None.

    Meant for queries of every request: building them with SQLAlchemy takes longer than PostgreSQL needs to run them.
    """
    # Any: the driver's rows have no static types.
    driver: psycopg.Connection[Any] = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    return driver.execute(cast("LiteralString", statement), bound).fetchone()


def columns_of(table: Table, row_type: type[Any]) -> tuple[Column[Any], ...]:  # Any: a dataclass; any columns
    """Return the columns of ``table`` that the fields of a dataclass name."""
    return tuple(table.c[field.name] for field in fields(row_type))


def first_row(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> AnyRow | None:
    """Return the first row of ``query``, or None."""
    row: Any = connection.execute(query).first()  # Any: a textual query's columns have no static types
    return None if row is None else row_type(**row._asdict())


def all_rows(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> list[AnyRow]:
    """Return every row of ``query``, in its order."""
    rows: Any = connection.execute(query).all()  # Any: as above
    return [row_type(**row._asdict()) for row in rows]
