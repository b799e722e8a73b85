"""Queries over `bots`.

Invariant: a bot's tokens are deleted with it, and the tasks that it created or cancelled stay (by foreign keys).

Source: docs/contract/data-model.md, "Table bots".
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from platz.db import schema
from platz.identities import BotId

bots = schema.bots


def exists(connection: Connection, bot_id: BotId) -> bool:
    """Return whether the bot exists."""
    return connection.scalar(select(bots.c.id).where(bots.c.id == bot_id)) is not None


def create(connection: Connection, display_name: str) -> BotId:
    """Insert a bot and return its id."""
    return BotId(
        connection.execute(insert(bots).values(display_name=display_name).returning(bots.c.id)).scalar_one()
    )


def rename(connection: Connection, bot_id: BotId, display_name: str) -> bool:
    """Change the bot's name; return whether the bot exists."""
    statement = update(bots).where(bots.c.id == bot_id).values(display_name=display_name)
    return connection.execute(statement).rowcount == 1


def remove(connection: Connection, bot_id: BotId) -> bool:
    """Delete the bot; return whether it existed."""
    return connection.execute(delete(bots).where(bots.c.id == bot_id)).rowcount == 1
