"""Queries over `user_tokens` and `bot_tokens`.

Invariant: only the hash of a token's secret is stored, and only `find` returns it, for the comparison with a
presented token.

Source: docs/contract/data-model.md, "Table user_tokens", "Table bot_tokens".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, delete, insert, literal, select

from platz.db import schema
from platz.identities import Bot, BotId, User, UserId

user_tokens, bot_tokens = schema.user_tokens, schema.bot_tokens


@dataclass(frozen=True, kw_only=True)
class FoundToken:
    """A token's owner, and the hash that its secret must have."""

    owner: User | Bot
    secret_hash: str = field(repr=False)


def find(connection: Connection, token_id: UUID) -> FoundToken | None:
    """Return the user token or else the bot token with this id, or None, with one statement."""
    of_user = select(literal(0).label("place"), user_tokens.c.user_id, user_tokens.c.secret_hash)
    of_bot = select(literal(1), bot_tokens.c.bot_id, bot_tokens.c.secret_hash)
    both = of_user.where(user_tokens.c.id == token_id).union_all(of_bot.where(bot_tokens.c.id == token_id))
    row = connection.execute(both.order_by("place")).first()
    if row is None:
        return None
    place, owner_id, secret_hash = row
    owner = Bot(id=BotId(owner_id)) if place else User(id=UserId(owner_id))
    return FoundToken(owner=owner, secret_hash=secret_hash)


def add_user_token(connection: Connection, *, token_id: UUID, user_id: UserId, secret_hash: str) -> None:
    """Store a user token; the foreign key of an unknown user is translated to `Rejected`."""
    connection.execute(insert(user_tokens).values(id=token_id, user_id=user_id, secret_hash=secret_hash))


def add_bot_token(
    connection: Connection, *, token_id: UUID, bot_id: BotId, created_by: UserId, secret_hash: str
) -> None:
    """Store a bot token."""
    values = {"id": token_id, "bot_id": bot_id, "created_by_user_id": created_by, "secret_hash": secret_hash}
    connection.execute(insert(bot_tokens).values(**values))


def owner_of_user_token(connection: Connection, token_id: UUID) -> UserId | None:
    """Return the user who owns the token, or None when there is no such user token."""
    owner = connection.scalar(select(user_tokens.c.user_id).where(user_tokens.c.id == token_id))
    return None if owner is None else UserId(owner)


def remove_user_token(connection: Connection, token_id: UUID) -> bool:
    """Delete the token; return whether it existed."""
    return connection.execute(delete(user_tokens).where(user_tokens.c.id == token_id)).rowcount > 0


def remove_bot_token(connection: Connection, token_id: UUID) -> bool:
    """Delete the token; return whether it existed."""
    return connection.execute(delete(bot_tokens).where(bot_tokens.c.id == token_id)).rowcount > 0
