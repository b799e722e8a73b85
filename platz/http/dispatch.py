"""Runs one request through its route: authenticate, read, validate, handle, answer.

Invariant: only the headers of a request are looked at before its credential is verified. Everything that may wait
for the database runs in a thread; the event loop only moves bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypedDict, TypeVar

import structlog
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from platz.access.authentication import Authenticated
from platz.errors import Denied, PlatzError, Retryable, Unauthenticated
from platz.http.body_room import BodyRoom
from platz.http.errors import answer_error, error_answer, status_of
from platz.http.failed_credentials import address_of, tell_refused_credential
from platz.http.middleware import RequestContext, context_of, send_answer
from platz.http.queries import read_query
from platz.http.rate_limits import TooManyRequests
from platz.http.requests import MAX_ANONYMOUS_BYTES, MAX_BODY_BYTES, parse_body
from platz.http.responses import ApiResponse
from platz.http.route import AnyRoute, ApiRequest
from platz.http.services import Services
from platz.identities import Identity

BODY_SECONDS = 30
"""A client that takes longer to send its body gets 408."""

MAX_CAUSE_LENGTH = 500
"""Characters of an underlying error that are logged; a traceback for each would flood the log in an outage."""

SIGN_IN_THREADS = 24
"""The number of sign-ins at a time: those that may wait for the provider, and some that wait for their turn."""
LARGE_BODY_BYTES = 16 * 1024
"""A body of more bytes is parsed on a thread, because the event loop serves everybody."""

Given = TypeVar("Given")
log = structlog.get_logger()


class TooManySignIns(Retryable):
    """Too many people sign in at this moment; try again in a few seconds."""


class RequestThreads:
    """The threads that run requests, as many as the connection pool has connections, and a few for sign-ins.

    Invariant: what anybody may start without a credential never takes a thread from those who have one.
    """

    def __init__(self, size: int) -> None:
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="request")
        self._sign_ins = ThreadPoolExecutor(SIGN_IN_THREADS, thread_name_prefix="sign-in")
        self._signing_in = 0

    async def run(self, call: Callable[[], Given]) -> Given:
        """Run a blocking call on a thread, in the context of the request."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, call)

    async def run_sign_in(self, call: Callable[[], Given]) -> Given:
        """Run a blocking call on a thread for sign-ins; raise `TooManySignIns` when all are taken."""
        if self._signing_in >= SIGN_IN_THREADS:
            raise TooManySignIns
        self._signing_in += 1
        future = asyncio.get_running_loop().run_in_executor(self._sign_ins, copy_context().run, call)
        future.add_done_callback(self._end_sign_in)
        return await asyncio.shield(future)  # a client that leaves does not free its thread

    def close(self) -> None:
        """Take no more calls; those under way may finish."""
        for executor in (self._executor, self._sign_ins):
            executor.shutdown(wait=False, cancel_futures=True)

    def _end_sign_in(self, _future: object) -> None:
        self._signing_in -= 1


class _Credentials(TypedDict):
    authorization: str | None
    api_token: str | None


class PathEndpoint:
    """All operations on one path, as an ASGI application."""

    def __init__(
        self, routes: Sequence[AnyRoute], services: Services, threads: RequestThreads, room: BodyRoom
    ) -> None:
        self._routes = {route.method: route for route in routes}
        self._services = services
        self._threads = threads
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        route = self._routes.get(request.method)
        if route is None:
            await send_answer(_method_not_allowed(self._routes), send)
            return
        context = context_of(scope)
        context.route = f"/api/v2{route.path}"
        try:
            if not route.authenticated:
                self._services.rate_limits.anonymous.take(address_of(scope))
            answer = await self._answer(route, request, context)
        except ClientDisconnect:
            return
        except TimeoutError:
            answer = error_answer(408, "The request's body took too long to arrive.")
        except Unauthenticated as error:
            answer = answer_error(self._counted(route, request, error))
        except PlatzError as error:
            answer = _refused(error, context)
        await send_answer(answer, send)

    def _counted(self, route: AnyRoute, request: Request, error: Unauthenticated) -> PlatzError:
        """Count and log an invalid credential; return the error, or the refusal of an address that sends too many."""
        if not route.authenticated or not any(_credentials(request).values()):
            return error
        try:
            self._services.rate_limits.failed_tokens.take(address_of(request.scope))
        except TooManyRequests as refusal:
            return refusal
        tell_refused_credential(address_of(request.scope), request.headers.get("x-platz-token"))
        return error

    async def _answer(self, route: AnyRoute, request: Request, context: RequestContext) -> ApiResponse:
        if route.only_reads:
            return await self._threads.run(lambda: self._read(route, request, context))
        run = self._threads.run_sign_in if route.signs_in else self._threads.run
        if route.request is None:
            return await run(lambda: self._handle(route, request, context, None, None))
        authenticated = None
        if route.authenticated:
            authenticated = await run(lambda: self._authenticate(route, request))
        limit = MAX_BODY_BYTES if route.authenticated else MAX_ANONYMOUS_BYTES
        with self._room.body(limit=limit) as room:
            async with asyncio.timeout(BODY_SECONDS):
                raw = await room.read(request.headers, request.stream())
            body = await self._parsed(route, raw, request)
        return await run(lambda: self._handle(route, request, context, authenticated, body))

    async def _parsed(self, route: AnyRoute, raw: bytes, request: Request) -> BaseModel | None:
        if len(raw) <= LARGE_BODY_BYTES:
            return _parse(route, raw, request)
        return await self._threads.run(lambda: _parse(route, raw, request))

    def _read(self, route: AnyRoute, request: Request, context: RequestContext) -> ApiResponse:
        """Run a handler that only reads, with one connection for all its statements."""
        with self._services.database.reading_once():
            return self._handle(route, request, context, None, None)

    def _handle(
        self,
        route: AnyRoute,
        request: Request,
        context: RequestContext,
        authenticated: Authenticated | None,
        body: BaseModel | None,
    ) -> ApiResponse:
        authenticated = authenticated or self._authenticate(route, request)
        context.identity = authenticated.identity if authenticated else self._identify(route, request)
        api_request: ApiRequest[Any] = ApiRequest(
            services=self._services,
            caller=context.identity,
            authenticated=authenticated,
            raw_id=request.path_params.get("id"),
            query=read_query(request.scope["query_string"], route.parameters),
            body=body,
            headers=request.headers,
            cookies=request.cookies,
        )
        return route.answer(api_request)

    def _authenticate(self, route: AnyRoute, request: Request) -> Authenticated | None:
        if not route.authenticated or route.authenticates_itself:
            return None
        return self._services.authenticator.authenticate(**_credentials(request))

    def _identify(self, route: AnyRoute, request: Request) -> Identity | None:
        return self._services.authenticator.identify(**_credentials(request)) if route.authenticated else None


def _credentials(request: Request) -> _Credentials:
    headers = request.headers
    return {"authorization": headers.get("authorization"), "api_token": headers.get("x-platz-token")}


def _parse(route: AnyRoute, raw: bytes, request: Request) -> BaseModel | None:
    if route.request is None:
        return None
    content_type = request.headers.get("content-type")
    return parse_body(route.request, raw, content_type=content_type, required=route.body_required)


def _refused(error: PlatzError, context: RequestContext) -> ApiResponse:
    if isinstance(error, Denied):
        context.reason = error.reason
    if status_of(error) >= 500:
        cause = f"{type(error.__cause__).__name__}: {error.__cause__}"[:MAX_CAUSE_LENGTH]
        log.warning("Refused a request", action="request_refused", error=error.message, cause=cause)
    return answer_error(error)


def _method_not_allowed(routes: Mapping[str, AnyRoute]) -> ApiResponse:
    refusal = error_answer(405, "This path does not offer this method.")
    allowed = ", ".join(sorted(routes))
    return ApiResponse(status=405, body=refusal.body, headers=(("allow", allowed),))
