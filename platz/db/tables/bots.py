"""Changes of `bots`.

Invariant: a bot's tokens go with it, and the tasks that it acted in stay (foreign keys of the schema).

Source: docs/contract/data-model.md, "Table bots".
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, update

from platz.db import schema
from platz.identities import BotId

bots = schema.bots


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
