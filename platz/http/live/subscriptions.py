"""The subscriptions of a client.

Invariant: a subscription grants nothing; the client's scope is checked separately. The number of subscriptions is
bounded.

Source: docs/contract/http-api.md, "Client messages", "Event frames", "Cookie mode".
"""

from __future__ import annotations

from platz.http.live.frames import Subscribe, Subscription, Unsubscribe
from platz.identities import EnvId

LIMIT = 2000
"""The most subscriptions of one client; enough for all tables of a hundred environments."""


class TooManySubscriptions(Exception):
    """The client asked for more subscriptions than `LIMIT`."""


class Subscriptions:
    """A set of (table, environment) pairs; in cookie mode ``everything`` until the first subscription."""

    __slots__ = ("_pairs", "everything")

    def __init__(self, *, everything: bool) -> None:
        self.everything = everything
        self._pairs: set[tuple[str, EnvId | None]] = set()

    def apply(self, wish: Subscribe | Unsubscribe) -> None:
        """Change the set; raise `TooManySubscriptions`."""
        match wish:
            case Subscribe(subscription=Subscription(table=table, env_id=env_id)):
                self.everything = False
                self._pairs.add((table, env_id))
            case Unsubscribe(subscription=Subscription(table=table, env_id=env_id)):
                self._pairs.discard((table, env_id))
        if len(self._pairs) > LIMIT:
            raise TooManySubscriptions

    def want(self, table: str, env_id: EnvId | None) -> bool:
        """Tell whether the event is subscribed to; a pair without an environment covers its whole table."""
        return self.everything or (table, None) in self._pairs or (table, env_id) in self._pairs
