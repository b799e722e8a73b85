"""The frames of live events, in both directions.

Invariant: an event is serialised once, however many clients get it, and holds no row data.

Source: docs/contract/http-api.md, "Client messages", "Event frames".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from platz.db.events import EVENT_TABLES, RowChange
from platz.identities import EnvId

WIRE = "platz.wire"
"""The key of an ASGI message that holds a complete frame, which `LiveProtocol` sends as it is."""
FRAME_LIMIT = 64 * 1024
"""The largest frame that a client may send, in bytes."""


class LiveEvent:
    """A change event: the facts that rights and subscriptions are checked by, and the complete frame."""

    __slots__ = ("env_id", "is_update", "message", "row", "table")

    def __init__(self, change: RowChange) -> None:
        self.table = change.table
        self.env_id = change.env_id
        self.is_update = change.operation == "UPDATE"
        self.row = (change.table, change.id, change.env_id)
        text = event_frame(change)
        self.message: dict[str, Any] = {"type": "websocket.send", "text": text, WIRE: wire_frame(text)}


def wire_frame(text: str) -> bytes:
    """Return a complete text frame of a server: final, not masked, not compressed (RFC 6455 section 5.2)."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    return b"\x81\x7e" + length.to_bytes(2, "big") + payload


def event_frame(change: RowChange) -> str:
    """Return the text frame of an event, with its keys in the order of the contract's example."""
    env_id = None if change.env_id is None else str(change.env_id)
    event = {
        "operation": change.operation,
        "table": change.table,
        "env_id": env_id,
        "data": {"id": str(change.id)},
    }
    return orjson.dumps(event).decode()


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A table and an environment; without an environment, all permitted events of the table."""

    table: str
    env_id: EnvId | None


@dataclass(frozen=True, kw_only=True)
class Subscribe:
    """A client's frame that adds a subscription."""

    subscription: Subscription


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """A client's frame that removes a subscription."""

    subscription: Subscription


def read_client_frame(text: str) -> Subscribe | Unsubscribe | None:
    """Read a client's text frame; None when it is not understood."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    match document:
        case {"type": "subscribe" | "unsubscribe" as wish, "table": str(table)} if table in EVENT_TABLES:
            subscription = _subscription(table, document.get("env_id"))
        case _:
            return None
    if subscription is None:
        return None
    if wish == "subscribe":
        return Subscribe(subscription=subscription)
    return Unsubscribe(subscription=subscription)


def _subscription(table: str, env_id: object) -> Subscription | None:
    if env_id is None:
        return Subscription(table=table, env_id=None)
    if not isinstance(env_id, str):
        return None
    try:
        return Subscription(table=table, env_id=EnvId(UUID(env_id)))
    except ValueError:
        return None
