"""The event bus: it passes each published fact to every actor that subscribed to the fact's type.

Invariants: publishing never waits for a subscriber and never fails because of one. A subscriber that has ended
misses the fact without harm, because its successor looks at everything when it starts. A *sticky* fact describes
a present state (for example, that a cluster is served); an actor that subscribes later receives it first.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Any

import pykka

from platz.actors.messages import ReachabilityChanged, RowChanged, TaskFinished, TasksAdded
from platz.identities import ClusterId


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What one actor wants to hear: the types of messages, the tables for `RowChanged` (None: all), and the cluster
    for facts about one cluster (None: all).
    """

    ref: pykka.ActorRef[Any]
    messages: frozenset[type]
    tables: frozenset[str] | None
    cluster_id: ClusterId | None

    def covers(self, message: object) -> bool:
        """Return whether the subscriber wants the message."""
        if type(message) not in self.messages:
            return False
        match message:
            case RowChanged(table=table):
                return self.tables is None or table in self.tables
            case (
                TasksAdded(cluster_id=cluster_id)
                | TaskFinished(cluster_id=cluster_id)
                | ReachabilityChanged(cluster_id=cluster_id)
            ):
                return self.cluster_id is None or cluster_id == self.cluster_id
            case _:
                return True


class EventBus:
    """Delivers published messages to the subscribers; each receives them in the order of publishing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}
        self._sticky: dict[Hashable, object] = {}

    def subscribe(
        self,
        name: str,
        ref: pykka.ActorRef[Any],
        *,
        messages: Collection[type],
        tables: Collection[str] | None,
        cluster_id: ClusterId | None = None,
    ) -> None:
        """Add a subscriber, in place of a predecessor of the same name, and send it the sticky facts that it wants."""
        subscription = Subscription(
            ref=ref,
            messages=frozenset(messages),
            tables=None if tables is None else frozenset(tables),
            cluster_id=cluster_id,
        )
        with self._lock:
            self._subscriptions[name] = subscription
            for message in self._sticky.values():
                if subscription.covers(message):
                    tell(ref, message)

    def unsubscribe(self, name: str, ref: pykka.ActorRef[Any]) -> None:
        """Remove a subscriber, unless a successor has already taken its place; ignore unknown names."""
        with self._lock:
            present = self._subscriptions.get(name)
            if present is not None and present.ref is ref:
                del self._subscriptions[name]

    def publish(self, message: object) -> None:
        """Send the message to every subscriber that wants it."""
        with self._lock:
            self._deliver(message)

    def publish_sticky(self, key: Hashable, message: object) -> None:
        """Publish a present state, and keep it under ``key`` for later subscribers."""
        with self._lock:
            self._sticky[key] = message
            self._deliver(message)

    def remove_sticky(self, key: Hashable, message: object) -> None:
        """Forget the state kept under ``key``, and publish ``message`` to say that it has ended."""
        with self._lock:
            self._sticky.pop(key, None)
            self._deliver(message)

    def _deliver(self, message: object) -> None:
        for subscription in self._subscriptions.values():
            if subscription.covers(message):
                tell(subscription.ref, message)


def tell(ref: pykka.ActorRef[Any], message: object) -> bool:
    """Send a message to an actor; return False if the actor has ended."""
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True
