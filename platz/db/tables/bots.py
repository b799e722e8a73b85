"""Changes of `bots`.

Invariant: a bot's tokens go with it, and the tasks that it acted in stay (foreign keys of the schema).

Source: docs/contract/data-model.md, "Table bots".
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from platz.db import schema
from platz.identities import BotId

bots = schema.bots


def exists(connection: Connection, bot_id: BotId) -> bool:
    """Tell whether there is such a bot."""
    return connection.scalar(select(bots.c.id).where(bots.c.id == bot_id)) is not None


def create(connection: Connection, display_name: str) -> BotId:
    """Insert a bot."""
    return BotId(
        connection.execute(insert(bots).values(display_name=display_name).returning(bots.c.id)).scalar_one()
    )


def rename(connection: Connection, bot_id: BotId, display_name: str) -> bool:
    """Change the name; tell whether there is such a bot."""
    statement = update(bots).where(bots.c.id == bot_id).values(display_name=display_name)
    return connection.execute(statement).rowcount == 1


def remove(connection: Connection, bot_id: BotId) -> bool:
    """Delete the bot; tell whether it was there."""
    return connection.execute(delete(bots).where(bots.c.id == bot_id)).rowcount == 1
