"""Queries over `users` for site admins; users are created at sign-in (`platz.db.tables.accounts`).

Source: docs/contract/http-api.md, "Users".
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from platz.db import schema
from platz.identities import UserId

users = schema.users


def exists(connection: Connection, user_id: UserId) -> bool:
    """Return whether the user exists, active or not."""
    return connection.scalar(select(users.c.id).where(users.c.id == user_id)) is not None


def lock(connection: Connection, user_id: UserId) -> bool:
    """Lock the user until the transaction ends; return whether the user exists."""
    statement = select(users.c.id).where(users.c.id == user_id).with_for_update()
    return connection.scalar(statement) is not None


def save(connection: Connection, user_id: UserId, *, is_admin: bool | None, is_active: bool | None) -> None:
    """Set the flags that are not None."""
    flags = {"is_admin": is_admin, "is_active": is_active}
    given = {name: value for name, value in flags.items() if value is not None}
    if given:
        connection.execute(update(users).where(users.c.id == user_id).values(given))
