"""Who hears what: facts go to every actor that subscribed to their type.

Invariants: publishing never waits and never fails because of a listener. A listener that is gone misses the
fact and loses nothing by it, because an actor that starts looks at everything. A *retained* fact describes a
present state (such as a cluster being served): whoever subscribes later is told it first.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Any

import pykka

from platz.actors.messages import RowChanged, TaskFinished, TasksAdded
from platz.identities import ClusterId


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What one actor wants to hear: types of messages, for `RowChanged` the tables, and for facts about one cluster
    the cluster (None: all).
    """

    ref: pykka.ActorRef[Any]
    messages: frozenset[type]
    tables: frozenset[str] | None
    cluster_id: ClusterId | None

    def covers(self, message: object) -> bool:
        """Tell whether the message is wanted."""
        if type(message) not in self.messages:
            return False
        match message:
            case RowChanged(table=table):
                return self.tables is None or table in self.tables
            case TasksAdded(cluster_id=cluster_id) | TaskFinished(cluster_id=cluster_id):
                return self.cluster_id is None or cluster_id == self.cluster_id
            case _:
                return True


class EventBus:
    """Delivers published messages to subscribers, in the order of publishing for each of them."""

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
        """Add a listener, or put a restarted one in its predecessor's place, and tell it what is retained."""
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
        """Remove a listener, unless a successor has taken its place already; unknown names are fine."""
        with self._lock:
            present = self._subscriptions.get(name)
            if present is not None and present.ref is ref:
                del self._subscriptions[name]

    def publish(self, message: object) -> None:
        """Tell the message to all who want it."""
        with self._lock:
            self._deliver(message)

    def publish_sticky(self, key: Hashable, message: object) -> None:
        """Publish a state, and keep it under ``key`` for later subscribers."""
        with self._lock:
            self._sticky[key] = message
            self._deliver(message)

    def remove_sticky(self, key: Hashable, message: object) -> None:
        """Publish the end of the state that was kept under ``key``."""
        with self._lock:
            self._sticky.pop(key, None)
            self._deliver(message)

    def _deliver(self, message: object) -> None:
        for subscription in self._subscriptions.values():
            if subscription.covers(message):
                tell(subscription.ref, message)


def tell(ref: pykka.ActorRef[Any], message: object) -> bool:
    """Tell a message and return whether the actor was alive to take it."""
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True
