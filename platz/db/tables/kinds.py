"""Queries over `deployment_kinds`.

Invariant: a name has one row, even when several transactions create it at the same time.

Source: docs/contract/data-model.md, "Table deployment_kinds".
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from platz.db import schema
from platz.db.rows import columns_of, first_row
from platz.identities import KindId

kinds = schema.deployment_kinds


@dataclass(frozen=True, kw_only=True)
class KindRow:
    """The columns of `deployment_kinds` that are read."""

    id: KindId
    name: str


COLUMNS = columns_of(kinds, KindRow)


def get(connection: Connection, kind_id: KindId) -> KindRow | None:
    """Return the kind, or None."""
    return first_row(connection, select(*COLUMNS).where(kinds.c.id == kind_id), KindRow)


def lock(connection: Connection, kind_id: KindId, *, exclusive: bool = False) -> KindRow | None:
    """Lock the kind's name; ``exclusive`` also keeps out new deployments and registries of the kind."""
    query = select(*COLUMNS).where(kinds.c.id == kind_id).with_for_update(key_share=not exclusive)
    return first_row(connection, query, KindRow)


def lock_shared(connection: Connection, kind_id: KindId) -> KindRow | None:
    """Read the kind and protect its name from changes until the transaction ends; others may do the same."""
    return first_row(
        connection, select(*COLUMNS).where(kinds.c.id == kind_id).with_for_update(read=True), KindRow
    )


def get_or_create(connection: Connection, name: str) -> KindRow:
    """Return the kind with exactly this name, after creating it when there is none."""
    statement = insert(kinds).values(name=name).on_conflict_do_nothing(index_elements=["name"])
    connection.execute(statement)
    row = first_row(connection, select(*COLUMNS).where(kinds.c.name == name), KindRow)
    assert row is not None  # noqa: S101 (kinds are never deleted)
    return row


def rename(connection: Connection, kind_id: KindId, name: str) -> None:
    """Change the kind's name; a name that is taken is a unique violation."""
    connection.execute(update(kinds).where(kinds.c.id == kind_id).values(name=name))


def names(connection: Connection) -> dict[KindId, str]:
    """Return the names of all kinds."""
    return {KindId(kind_id): name for kind_id, name in connection.execute(select(kinds.c.id, kinds.c.name))}
