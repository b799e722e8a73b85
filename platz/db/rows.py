"""Turn rows of a query into the frozen dataclass that names their columns.

Invariant: a row type's fields and the query's columns are the same set; a difference fails the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable

AnyRow = TypeVar("AnyRow")


def first_row(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> AnyRow | None:
    """The first row of ``query``, or None."""
    row: Any = connection.execute(query).first()  # Any: a textual query's columns have no static types
    return None if row is None else row_type(**row._asdict())


def all_rows(connection: Connection, query: Executable, row_type: Callable[..., AnyRow]) -> list[AnyRow]:
    """Every row of ``query``, in its order."""
    rows: Any = connection.execute(query).all()  # Any: as above
    return [row_type(**row._asdict()) for row in rows]
