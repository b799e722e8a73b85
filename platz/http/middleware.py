"""The outermost layer: every request gets an id, security headers, one log line and its place in the metrics.

Invariant: whatever happens inside, exactly one response is sent and exactly one line is logged, with the path's
template and ids, never with a query string, a body or a credential. A quick, successful read is logged at debug
level only, because there are hundreds of them a second.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platz import metrics
from platz.http.errors import answer_unexpected, error_answer
from platz.http.responses import ApiResponse
from platz.identities import Identity

REQUEST_ID = "x-request-id"
_REQUEST_ID = REQUEST_ID.encode()
RawHeader = tuple[bytes, bytes]
UNROUTED = "unrouted"
CLIENT_GONE = 499
"""The status in log and metrics when the client left before the response."""

STOPPING = "Platz is stopping; try again in a moment."

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""Headers of every response that does not set them itself, as pages and static files do."""

SLOW_SECONDS = 1.0
_ALWAYS = tuple((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_KEY = "platz.context"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")
log = structlog.get_logger()


@dataclass(slots=True)
class RequestContext:
    """The facts about a request that are collected while it is handled, for its log line."""

    request_id: str
    route: str = UNROUTED
    identity: Identity | None = None
    reason: str | None = None
    status: int = CLIENT_GONE
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Return how long the request has taken so far."""
        return time.perf_counter() - self.started


def context_of(scope: MutableMapping[str, Any]) -> RequestContext:  # Any: ASGI's scope has no static type
    """Return the context of the request."""
    context = scope.get(_KEY)
    return context if isinstance(context, RequestContext) else RequestContext(request_id=str(uuid4()))


class RequestMiddleware:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a live connection only gets an id."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        context = RequestContext(request_id=_request_id(scope))
        scope[_KEY] = context
        with structlog.contextvars.bound_contextvars(request_id=context.request_id):
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            else:
                await self._serve(scope, receive, send, context)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, context: RequestContext) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                context.status = message["status"]
                message["headers"] = _completed(message["headers"], context)
            await send(message)

        metrics.http_requests_in_progress.inc()
        try:
            await self._app(scope, receive, send_with_headers)
        except asyncio.CancelledError:  # the server stops before this request is done
            if context.status != CLIENT_GONE:
                raise
            await send_answer(error_answer(503, STOPPING), send_with_headers)
        except Exception:
            log.exception("A request hit a defect", action="request_failed", route=context.route)
            if context.status != CLIENT_GONE:
                raise  # the response has begun: the server has to close the connection
            await send_answer(answer_unexpected(context.request_id), send_with_headers)
        finally:
            metrics.http_requests_in_progress.dec()
            _account(scope["method"], context)


async def send_answer(answer: ApiResponse, send: Send) -> None:
    """Send a complete response."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.media_type.encode("latin-1")))
        headers.append((b"content-length", str(len(answer.body)).encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _GIVEN_ID.fullmatch(given) else str(uuid4())


def _completed(headers: Iterable[RawHeader], context: RequestContext) -> list[RawHeader]:
    given = [header for header in headers if header[0] != _REQUEST_ID]
    names = {name for name, _ in given}
    missing = [header for header in _ALWAYS if header[0] not in names]
    return [*given, (_REQUEST_ID, context.request_id.encode()), *missing]


def _account(method: str, context: RequestContext) -> None:
    seconds = context.seconds
    known = method if method in _METHODS else "OTHER"
    metrics.http_requests.labels(known, context.route, str(context.status)).inc()
    metrics.http_request_seconds.labels(known, context.route).observe(seconds)
    write = log.debug if _is_usual(known, context, seconds) else log.info
    write(
        "Answered a request",
        action="request",
        method=known,
        route=context.route,
        status=context.status,
        duration_ms=round(seconds * 1000, 1),
        **_told(context),
    )


def _is_usual(method: str, context: RequestContext, seconds: float) -> bool:
    return method == "GET" and context.status < 400 and seconds < SLOW_SECONDS


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _told(context: RequestContext) -> dict[str, str]:
    told: dict[str, str] = {}
    if context.identity is not None:
        told["identity"] = f"{type(context.identity).__name__}:{context.identity.id}"
    if context.reason is not None:
        told["reason"] = context.reason
    return told
