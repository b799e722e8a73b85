"""Clients and rights without sockets or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID, uuid4

import orjson

from platz.access.authentication import Authenticated, Credential
from platz.access.visibility import Scope
from platz.db.events import RowChange
from platz.http.live.connected_client import LiveClient
from platz.http.live.feed import LiveFeed
from platz.http.live.frames import Subscribe, Subscription
from platz.http.live.rights import CurrentRights
from platz.identities import EnvId, Identity, User, UserId

HOME, ABROAD = EnvId(UUID(int=1)), EnvId(UUID(int=2))
KEY = "the key"


class FakeRights:
    """What the database says; tests change it."""

    def __init__(self) -> None:
        self.scopes: dict[Identity, Scope] = {}
        self.key_fingerprint = KEY
        self.error: Exception | None = None
        self.before_reading: Callable[[], object] = lambda: None
        self.started = self.reads = 0

    def __call__(self, identities: Iterable[Identity]) -> CurrentRights:
        self.started += 1
        self.before_reading()
        self.reads += 1
        if self.error is not None:
            raise self.error
        wanted = set(identities)
        scopes = {identity: scope for identity, scope in self.scopes.items() if identity in wanted}
        return CurrentRights(scopes=scopes, key_fingerprint=self.key_fingerprint)

    def client(
        self, scope: Scope, *, everything: bool = True, expires_at: datetime | None = None
    ) -> LiveClient:
        """A client of a new user who has this scope."""
        user = User(id=UserId(uuid4()))
        self.scopes[user] = scope
        proof = Authenticated(
            identity=user, scope=scope, credential=Credential.LIVE_PASS, expires_at=expires_at
        )
        return LiveClient(proof, scope, key_fingerprint=KEY, everything=everything)


def change(
    table: str = "deployments",
    operation: str = "UPDATE",
    row: UUID | None = None,
    env_id: EnvId | None = HOME,
) -> RowChange:
    """A change of a new row, or of the given one."""
    return RowChange(table=table, operation=operation, id=row or uuid4(), env_id=env_id)


def subscribe(table: str, env_id: EnvId | None = None) -> Subscribe:
    """A wish."""
    return Subscribe(subscription=Subscription(table=table, env_id=env_id))


def queued(client: LiveClient) -> int:
    """How many events wait for the client."""
    return len(client._queue)


async def next_id(client: LiveClient) -> UUID:
    """The row of the next event; fails after five seconds."""
    message = await asyncio.wait_for(client.next_message(), 5)
    return UUID(orjson.loads(message["text"])["data"]["id"])


async def all_passed_on(feed: LiveFeed, observer: LiveClient) -> None:
    """Wait until everything that was published before has been passed on; ``observer`` sees everything."""
    mark = change("helm_charts", env_id=None)
    feed.publish([mark])
    async with asyncio.timeout(5):
        while await next_id(observer) != mark.id:
            pass


async def until(holds: Callable[[], bool]) -> None:
    """Let the event loop work until a condition holds; fails after five seconds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.005)
