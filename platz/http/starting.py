"""What is answered while the process starts: that it lives, and what it waits for.

Invariant: no request reaches the database, which may be under migration. Answers end their connection, so that the
next request comes to the server that takes over.

Source: docs/contract/http-api.md, "Operational endpoints".
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

RETRY_SECONDS = 5
HEADERS = {"Cache-Control": "no-store", "Connection": "close"}


def starting_application(step: Callable[[], str]) -> Starlette:
    """Build the application; ``step`` says what the start is doing."""

    async def status(_request: Request) -> Response:
        return JSONResponse("ok", headers=HEADERS)

    async def readyz(_request: Request) -> Response:
        dependencies = {"database": {"ok": False, "reason": step()}}
        report = {"ready": False, "stopping": False, "dependencies": dependencies}
        return JSONResponse(report, 503, headers=HEADERS)

    async def not_yet(scope: Scope, receive: Receive, send: Send) -> None:
        message = f"Platz is not ready yet ({step()}); try again in a moment."
        answer = JSONResponse(
            {"message": message}, 503, headers={**HEADERS, "Retry-After": str(RETRY_SECONDS)}
        )
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(answer)
        else:
            await answer(scope, receive, send)

    application = Starlette(
        routes=[
            Route("/status", status, methods=["GET"]),
            Route("/healthz", status, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
        ]
    )
    application.router.redirect_slashes = False
    application.router.default = not_yet
    return application
