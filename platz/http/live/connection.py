"""A WebSocket connection: the handshake, a task that reads subscriptions, a task that sends events, and the end.

Invariant: whatever happens first (the client leaves, the server closes, sending fails) ends the whole connection, and
the feed forgets the client. A client that does not read only blocks its own sender.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from platz.errors import Denied, PlatzError, Retryable, Unauthenticated
from platz.http.live import connected_client as close_reasons
from platz.http.live.connected_client import CloseReason, LiveClient
from platz.http.live.feed import LiveFeed
from platz.http.live.frames import FRAME_LIMIT, read_client_frame
from platz.http.live.handshake import (
    LIVE_COOKIE,
    LIVE_PATH,
    AcceptedClient,
    HandshakeAuthenticator,
    UpgradeRequest,
)
from platz.http.live.subscriptions import TooManySubscriptions

_STATUS: dict[type[PlatzError], HTTPStatus] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Denied: HTTPStatus.FORBIDDEN,
    Retryable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CLOSE_SECONDS = 1.0
log = structlog.get_logger()


def live_routes(connections: LiveConnections) -> list[BaseRoute]:
    """Return the routes of live events; a request without an upgrade gets an error, never the frontend's page."""
    return [WebSocketRoute(LIVE_PATH, connections.serve), Route(LIVE_PATH, _no_upgrade, methods=["GET"])]


async def _no_upgrade(_request: Request) -> Response:
    return JSONResponse({"message": "This path only serves WebSocket upgrades."}, 400)


class LiveConnections:
    """The endpoint of `GET /api/v2/ws`."""

    def __init__(self, feed: LiveFeed, authenticator: HandshakeAuthenticator) -> None:
        self._feed = feed
        self._authenticator = authenticator

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection from the upgrade to its end."""
        try:
            accepted = await run_in_threadpool(self._authenticator.authenticate, _upgrade_request(websocket))
        except PlatzError as error:
            await _refuse(websocket, error)
            return
        await websocket.accept(subprotocol=accepted.subprotocol)
        client = _client(accepted)
        self._feed.join(client)
        try:
            close_reason = await _first_end(client, _read(websocket, client), _send(websocket, client))
        finally:
            self._feed.leave(client)
        if close_reason is not None:
            await _close(websocket, close_reason)


def _upgrade_request(websocket: WebSocket) -> UpgradeRequest:
    return UpgradeRequest(
        subprotocols=websocket.scope["subprotocols"],
        cookie=websocket.cookies.get(LIVE_COOKIE),
        origin=websocket.headers.get("origin"),
        host=websocket.headers.get("host"),
    )


def _client(accepted: AcceptedClient) -> LiveClient:
    return LiveClient(
        accepted.authenticated,
        accepted.scope,
        key_fingerprint=accepted.key_fingerprint,
        everything=accepted.subprotocol is None,
    )


async def _refuse(websocket: WebSocket, error: PlatzError) -> None:
    status = next(
        (code for kind, code in _STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    reason = error.reason if isinstance(error, Denied) else error.message
    log.info("Refused a live connection", action="live_refused", status=int(status), reason=reason)
    await websocket.send_denial_response(JSONResponse({"message": error.message}, status))


async def _first_end(client: LiveClient, *work: Coroutine[Any, Any, None]) -> CloseReason | None:
    """Run until the connection is to end; return the server's reason, or None when the client left."""
    tasks = [asyncio.create_task(coroutine) for coroutine in (*work, client.wait_for_end())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for failure in results:
        if isinstance(failure, Exception) and not isinstance(failure, WebSocketDisconnect | OSError):
            raise failure
    return client.close_reason


async def _read(websocket: WebSocket, client: LiveClient) -> None:
    """Apply the client's subscriptions until it leaves or breaks a limit. Unknown frames are ignored."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if max(len(text or ""), len(message.get("bytes") or b"")) > FRAME_LIMIT:
            client.end(close_reasons.FRAME_TOO_LONG)
        elif isinstance(text, str):
            _apply(client, text)


def _apply(client: LiveClient, text: str) -> None:
    wish = read_client_frame(text)
    if wish is None:
        log.debug("Ignored a live frame", action="live_frame_ignored")
        return
    try:
        client.subscribe(wish)
    except TooManySubscriptions:
        client.end(close_reasons.TOO_MANY_SUBSCRIPTIONS)


async def _send(websocket: WebSocket, client: LiveClient) -> None:
    """Send the queued events. Their frames are complete, so they skip Starlette's checks for each message."""
    send = websocket._send  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    while True:
        await send(await client.next_message())


async def _close(websocket: WebSocket, close_reason: CloseReason) -> None:
    """Send the reason if the peer still reads; the protocol ends the connection in any case."""
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.close(close_reason.code, close_reason.reason)
