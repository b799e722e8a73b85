"""Brings what lies encrypted in the database under the newest key, at the start of the process.

Invariant: a second run changes nothing, and when a key is missing nothing is changed at all.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, ColumnElement, Connection, String, bindparam, cast, select, true, update

from platz.db.encryption import ENCRYPTED, PREFIX, Cipher
from platz.db.schema import deployment_resources, deployment_tasks, deployments, secrets, settings
from platz.db.tables.settings import JWT_SECRET
from platz.json import JsonValue

PLAIN_TEXTS: tuple[tuple[Column[str], ColumnElement[bool]], ...] = (
    (secrets.c.contents, true()),
    (settings.c.value, settings.c.key == JWT_SECRET),
)
"""Column and condition of what must not lie in the open."""

DOCUMENTS: tuple[Column[JsonValue], ...] = (
    deployment_resources.c.props,
    deployments.c.config,
    deployment_tasks.c.operation,
)
"""JSON that may hold encrypted texts among plain ones."""


def encrypt_plain_rows(connection: Connection, cipher: Cipher) -> int:
    """Bring all that is or should be encrypted under the newest key; give the number of rows that changed.

    For the start of the process, in a transaction. Raises `Undecipherable` when a key is missing, so that a wrong
    setting stops the start.
    """
    changed = 0
    for column, condition in PLAIN_TEXTS:
        changed += _renew_rows(connection, column, condition, cipher.renew)
    for column in DOCUMENTS if cipher.is_rotating else ():  # it means reading every task
        holds_encrypted = cast(column, String).like(f"%{PREFIX}%")
        changed += _renew_rows(connection, column, holds_encrypted, lambda stored: _renewed(stored, cipher))
    return changed


def _renew_rows(
    connection: Connection,
    column: Column[str] | Column[JsonValue],
    condition: ColumnElement[bool],
    renew: Callable[[str], str],
) -> int:
    table = column.table
    stored = select(table.c.id, cast(column, String)).where(condition).with_for_update()
    renewed = [
        {"row": row, "stored": new} for row, old in connection.execute(stored) if (new := renew(old)) != old
    ]
    if renewed:
        new_value = cast(bindparam("stored", type_=String), column.type)
        statement = update(table).where(table.c.id == bindparam("row")).values({column: new_value})
        connection.execute(statement, renewed)
    return len(renewed)


def _renewed(document: str, cipher: Cipher) -> str:
    return ENCRYPTED.sub(lambda found: cipher.renew(found.group()), document)
