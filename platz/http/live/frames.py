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
"""Key of an ASGI message for the finished bytes of its frame, which our protocol sends as they are."""
FRAME_LIMIT = 64 * 1024
"""Bytes of the largest frame that a client may send."""


class LiveEvent:
    """A change as it goes out: what rules need to know about it, and the finished frame."""

    __slots__ = ("env_id", "is_update", "message", "row", "table")

    def __init__(self, change: RowChange) -> None:
        self.table = change.table
        self.env_id = change.env_id
        self.is_update = change.operation == "UPDATE"
        self.row = (change.table, change.id, change.env_id)
        text = event_frame(change)
        self.message: dict[str, Any] = {"type": "websocket.send", "text": text, WIRE: wire_frame(text)}


def wire_frame(text: str) -> bytes:
    """Return a server's whole text frame: final, not masked, not compressed (RFC 6455 section 5.2)."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    return b"\x81\x7e" + length.to_bytes(2, "big") + payload


def event_frame(change: RowChange) -> str:
    """Return the text frame; the keys stand in the order of the contract's example."""
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
    """A table and the environment of its events; without one, every permitted event of the table."""

    table: str
    env_id: EnvId | None


@dataclass(frozen=True, kw_only=True)
class Subscribe:
    """The client wants these events."""

    subscription: Subscription


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """The client does not want these events any more."""

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
