"""Turn rows of a query into the frozen dataclass that names their columns.

Invariant: a row type's fields and the query's columns are the same set; a difference fails the first call. A row type
lists the columns that somebody reads, and a query selects just these (`columns_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from sqlalchemy import Column, Connection, Executable, Table

AnyRow = TypeVar("AnyRow")


def driver_row(connection: Connection, statement: str, bound: Mapping[str, object]) -> tuple[Any, ...] | None:
    """The first row of a finished statement (``%(name)s`` in it), asked of the driver itself.

    For what every request asks: putting a query together costs more than PostgreSQL takes to answer it.
    """
    # Any: the driver's rows have no static types.
    driver: psycopg.Connection[Any] = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    return driver.execute(cast("LiteralString", statement), bound).fetchone()


def columns_of(table: Table, row_type: type[Any]) -> tuple[Column[Any], ...]:  # Any: a dataclass; any columns
    """Return the columns of ``table`` that the fields of a dataclass name."""
    return tuple(table.c[field.name] for field in fields(row_type))


def first_row(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> AnyRow | None:
    """The first row of ``query``, or None."""
    row: Any = connection.execute(query).first()  # Any: a textual query's columns have no static types
    return None if row is None else row_type(**row._asdict())


def all_rows(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> list[AnyRow]:
    """Every row of ``query``, in its order."""
    rows: Any = connection.execute(query).all()  # Any: as above
    return [row_type(**row._asdict()) for row in rows]
