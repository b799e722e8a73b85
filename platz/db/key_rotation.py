"""Encryption of everything that must be encrypted in the database with the newest key, when the process starts.

Invariant: a second run with the same keys changes nothing, and when a text can't be decrypted nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, String, and_, bindparam, cast, select, true, update

from platz.db.encryption import PREFIX, Cipher, Undecipherable
from platz.db.field_encryption import MARK, decrypt_document, renew_document
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
        changed += _renew_rows(
            connection, column, _holds_encrypted(column), partial(renew_document, cipher=cipher)
        )
    return changed


def decrypt_everything(connection: Connection, cipher: Cipher) -> int:
    """Store every encrypted text and value in plain; return how many rows changed. Raises `Undecipherable`."""
    changed = 0
    for column, condition in PLAIN_TEXTS:
        changed += _renew_rows(connection, column, condition, cipher.decrypt)
    for column in DOCUMENTS:
        changed += _renew_rows(
            connection, column, _holds_encrypted(column), partial(decrypt_document, cipher=cipher)
        )
    return changed


@dataclass(frozen=True, kw_only=True)
class UnreadableRow:
    """A row in which something can't be decrypted."""

    table: str
    column: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.table}.{self.column}, id {self.id}"


def unreadable_rows(connection: Connection, cipher: Cipher) -> tuple[int, list[UnreadableRow]]:
    """Try to decrypt everything; return how many rows hold something encrypted, and those that can't be decrypted."""
    texts = [(column, and_(condition, column.startswith(PREFIX))) for column, condition in PLAIN_TEXTS]
    looked_at, unreadable = 0, list[UnreadableRow]()
    decrypt: Callable[[str], str] = cipher.decrypt
    for column, condition in texts:
        looked_at += _collect(connection, column, condition, decrypt, unreadable)
    for column in DOCUMENTS:
        decrypt = partial(decrypt_document, cipher=cipher)
        looked_at += _collect(connection, column, _holds_encrypted(column), decrypt, unreadable)
    return looked_at, unreadable


def _collect(
    connection: Connection,
    column: Column[str] | Column[JsonValue],
    condition: ColumnElement[bool],
    decrypt: Callable[[str], str],
    unreadable: list[UnreadableRow],
) -> int:
    table = column.table
    stored = select(table.c.id, cast(column, String)).where(condition).order_by(table.c.id)
    encrypted = 0
    for row_id, text in connection.execute(stored):
        try:
            encrypted += decrypt(text) != text
        except Undecipherable:
            encrypted += 1
            unreadable.append(UnreadableRow(table=str(column.table), column=column.name, id=row_id))
    return encrypted


def _holds_encrypted(column: Column[JsonValue]) -> ColumnElement[bool]:
    return cast(column, String).like(f"%{MARK}%")


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
