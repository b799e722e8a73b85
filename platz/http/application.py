"""The web application: the route table under `/api/v2`, the routes beside it, and the middleware around all.

Invariant: a path under `/api` without a route gives 404 with the error envelope, never a page of the frontend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from platz.errors import PlatzError
from platz.http.body_room import BodyRoom
from platz.http.dispatch import PathEndpoint, RequestThreads
from platz.http.errors import answer_error, error_answer
from platz.http.middleware import RequestMiddleware, context_of, send_answer
from platz.http.openapi.document import BASE
from platz.http.openapi.page import document_routes
from platz.http.route import AnyRoute
from platz.http.routes import ROUTES
from platz.http.services import Services

NOTHING_HERE = "There is nothing at this path."


def build_application(
    services: Services, *, beside: Sequence[BaseRoute] = (), frontend: ASGIApp | None = None
) -> Starlette:
    """Build the application.

    ``beside`` are routes outside the table, such as the live feed and `/status`. ``frontend`` gets every path that
    has no route.
    """
    threads = RequestThreads(services.request_threads)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        threads.close()

    application = Starlette(
        lifespan=lifespan,
        routes=[
            *_table_routes(services, threads),
            *document_routes(BASE, ROUTES, services.version),
            *beside,
            Mount("/api", app=nothing_here),
            *([Mount("/", app=frontend)] if frontend is not None else ()),
        ],
        middleware=[Middleware(RequestMiddleware)],
        exception_handlers={HTTPException: _refusal, PlatzError: _platz_refusal},
    )
    application.router.redirect_slashes = False
    application.router.default = nothing_here
    return application


def _table_routes(services: Services, threads: RequestThreads) -> list[BaseRoute]:
    room = BodyRoom()
    by_path: defaultdict[str, list[AnyRoute]] = defaultdict(list)
    for route in ROUTES:
        by_path[route.path].append(route)
    return [
        Route(f"{BASE}{path}", PathEndpoint(routes, services, threads, room))
        for path, routes in by_path.items()
    ]


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 404 with the error envelope, to a WebSocket upgrade too."""
    answer = error_answer(404, NOTHING_HERE)
    if scope["type"] == "websocket":
        refusal = Response(answer.body, answer.status, media_type=answer.media_type)
        await WebSocket(scope, receive, send).send_denial_response(refusal)
        return
    context_of(scope).route = "unknown"
    await send_answer(answer, send)


async def _refusal(_request: Request, error: Exception) -> Response:
    """Put refusals of pages and operational routes into the error envelope, too."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = NOTHING_HERE if status == 404 else str(getattr(error, "detail", ""))
    answer = error_answer(status, detail)
    return Response(answer.body, status, getattr(error, "headers", None), answer.media_type)


async def _platz_refusal(_request: Request, error: Exception) -> Response:
    answer = answer_error(error if isinstance(error, PlatzError) else PlatzError())
    return Response(answer.body, answer.status, media_type=answer.media_type)
