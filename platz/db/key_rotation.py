"""Encryption of everything that must be encrypted in the database with the newest key, when the process starts.

Invariant: a second run with the same keys changes nothing, and when a text can't be decrypted nothing is changed.
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
"""Columns, each with a condition for its rows, whose texts must never be stored in plain."""

DOCUMENTS: tuple[Column[JsonValue], ...] = (
    deployment_resources.c.props,
    deployments.c.config,
    deployment_tasks.c.operation,
)
"""Columns of JSON documents that may hold encrypted values among plain ones."""


def encrypt_plain_rows(connection: Connection, cipher: Cipher) -> int:
    """Encrypt plain texts, and re-encrypt others, with the newest key; return the number of rows that changed.

    The values inside JSON documents are only looked at when there is more than one key. Call this in a transaction.
    Raises `Undecipherable` when a key is missing, so that a wrong setting stops the start of the process.
    """
    changed = 0
    for column, condition in PLAIN_TEXTS:
        changed += _renew_rows(connection, column, condition, cipher.renew)
    for column in DOCUMENTS if cipher.is_rotating else ():  # this reads every task
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
