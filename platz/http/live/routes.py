"""The one path of live events (http-api.md section 8).

Invariant: asked for without an upgrade, it says so; it never falls through to the frontend's page.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from platz.http.cookies import LIVE_PATH
from platz.http.live.connection import LiveConnections


def live_routes(connections: LiveConnections) -> list[BaseRoute]:
    """Return the routes to mount beside the table."""
    return [WebSocketRoute(LIVE_PATH, connections.serve), Route(LIVE_PATH, _no_upgrade, methods=["GET"])]


async def _no_upgrade(_request: Request) -> Response:
    return JSONResponse({"message": "This path only serves WebSocket upgrades."}, 400)
