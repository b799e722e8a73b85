"""The API listener's gateway: it finds the cluster, applies faults and checks the token; then the cluster responds.

Invariant: a request without a valid token learns nothing of a cluster's content, not even whether a path exists; faults
apply to a request before the cluster sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import orjson

from platz_sandbox.kubernetes.api.cluster_api import Call, ClusterApi
from platz_sandbox.kubernetes.api.faults import Action, Fault, Faults
from platz_sandbox.kubernetes.api.forced_refusals import REVIEWS, denying_review, refused, throttled
from platz_sandbox.kubernetes.api.http_exchange import Answer, ConnectionCut, Exchange, Stream
from platz_sandbox.kubernetes.api.watching import error_event
from platz_sandbox.kubernetes.objects.status_errors import (
    ApiError,
    bad_request,
    expired,
    path_not_found,
    unauthorized,
)
from platz_sandbox.kubernetes.objects.storage import Storage

_log = logging.getLogger(__name__)
_COUNTED_PLACES = 10_000  # a limit for the memory of a sandbox that runs for weeks


class Tokens:
    """The bearer tokens that the clusters accept."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def valid(self, cluster: str, header: str) -> bool:
        """Tell whether an Authorization header carries a token of the cluster that has not expired."""
        scheme, _, given = header.partition(" ")
        return scheme.lower() == "bearer" and any(
            hmac.compare_digest(token.encode(), given.encode()) and (ends is None or ends > time.time())
            for token, ends in self._storage.tokens(cluster)
        )

    def permanent(self, cluster: str) -> str:
        """Return the cluster's own token, which never expires; it is made at the first call."""
        known = next((token for token, ends in self._storage.tokens(cluster) if ends is None), None)
        if known is None:
            known = secrets.token_urlsafe(32)
            self._storage.save_token(cluster, known, None)
        return known

    def add(self, cluster: str, token: str, seconds: float | None) -> None:
        """Accept a token, for ``seconds`` or forever."""
        self._storage.save_token(cluster, token, None if seconds is None else time.time() + seconds)

    def revoke(self, cluster: str, token: str) -> None:
        """No longer accept a token."""
        self._storage.remove_token(cluster, token)


class Gateway:
    """The handler of `/clusters/NAME/...`."""

    def __init__(self, apis: Mapping[str, ClusterApi], tokens: Tokens, faults: Faults) -> None:
        self._apis = apis
        self._tokens = tokens
        self._faults = faults
        self.requests: Counter[tuple[str, str, str]] = (
            Counter()
        )  # by cluster, verb and path, for tests and the control endpoint

    async def serve(self, exchange: Exchange) -> None:
        """Respond to one request."""
        _, _, name, *rest = exchange.path.split("/", 3)
        path = "/" + "".join(rest)
        api = self._apis.get(name)
        if api is None:
            await exchange.answer(_refusal(path_not_found()))
            return
        verb = api.verb(exchange.method, path, exchange.query)
        if len(self.requests) < _COUNTED_PLACES or (name, verb, path) in self.requests:
            self.requests[name, verb, path] += 1
        faults = self._faults.hitting(name, verb, path)
        try:
            for fault in faults:
                await apply_fault(exchange, fault, verb=verb, path=path)
            if not self._tokens.valid(name, exchange.headers.get("authorization", "")):
                raise unauthorized()
            answer = await self._answered(exchange, api, path)
        except ApiError as error:
            answer = _refusal(error)
        if isinstance(answer, Answer):
            await exchange.answer(answer)
        else:
            await self._stream(exchange, answer, name, verb, path, faults)

    async def _answered(self, exchange: Exchange, api: ClusterApi, path: str) -> Answer | Stream:
        body = await exchange.body()
        call = Call(
            method=exchange.method, path=path, query=exchange.query, headers=exchange.headers, body=body
        )
        try:
            denial = denying_review(body, api.cluster.name, self._faults) if path == REVIEWS else None
            return api.answer(call) if denial is None else Answer(status=201, body=orjson.dumps(denial))
        except RecursionError as error:
            raise bad_request("the document is nested too deeply") from error
        except (ValueError, TypeError, KeyError, AttributeError, sqlite3.Error) as error:
            # an error that the shapes did not catch, or a full disk; a real server responds with 500, too
            _log.exception(
                "action=answer cluster=%s method=%s path=%s", api.cluster.name, exchange.method, path
            )
            told = f"Internal error occurred: {error!r}"
            raise ApiError(code=500, reason="InternalError", message=told) from error

    async def _stream(
        self, exchange: Exchange, stream: Stream, cluster: str, verb: str, path: str, faults: list[Fault]
    ) -> None:
        """Send a stream until it ends, the client goes away, or a fault hits it."""
        registered = self._faults.open_stream(cluster, verb, path)
        if ended := next((f for f in faults if f.action is Action.GONE), None):
            registered.hit.set_result(ended)
        limit = next((f.after_bytes for f in faults if f.action is Action.TRUNCATE), None)
        await exchange.start_stream(stream.content_type)
        sending = asyncio.create_task(_send(exchange, stream.chunks, limit))
        gone = asyncio.create_task(exchange.gone())
        try:
            await asyncio.wait((sending, gone, registered.hit), return_when=asyncio.FIRST_COMPLETED)
            if registered.hit.done() and not gone.done():
                await _hit(exchange, registered.hit.result(), sending, gone)
        finally:
            self._faults.close_stream(registered)
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)


async def _send(exchange: Exchange, chunks: AsyncIterator[bytes], limit: int | None) -> None:
    """Send a stream's chunks; with a limit, cut the connection after that many bytes."""
    async for chunk in chunks:
        if limit is None:
            await exchange.write(chunk)
            continue
        await exchange.write(chunk[:limit])
        limit -= len(chunk)
        if limit <= 0:
            exchange.cut()
            return
    await exchange.end_stream()


async def _hit(
    exchange: Exchange, fault: Fault, sending: asyncio.Task[None], gone: asyncio.Task[None]
) -> None:
    """Apply a fault to an open stream."""
    match fault.action:
        case Action.HANG:
            sending.cancel()
            await gone
        case Action.GONE:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            await exchange.write(error_event(expired("too old resource version")))
            await exchange.end_stream()
        case _:
            if not sending.done():
                await exchange.write(b'{"type":"MODI')
            exchange.cut()


async def apply_fault(exchange: Exchange, fault: Fault, *, verb: str, path: str) -> None:
    """Apply a fault to a request before its response; faults of streams are left to `_hit`."""
    match fault.action:
        case Action.LATENCY:
            await asyncio.sleep(fault.seconds)
        case Action.STATUS:
            raise refused(fault, verb, path)
        case Action.THROTTLE:
            raise throttled(fault)
        case Action.UNAUTHORIZED:
            raise unauthorized()
        case Action.DROP:
            exchange.cut()
            raise ConnectionCut
        case Action.HANG:
            await exchange.gone()
            raise ConnectionCut
        case Action.GONE if verb != "watch":
            raise expired("The provided resource version is too old.")
        case Action.TRUNCATE | Action.GONE:
            pass


def _refusal(error: ApiError) -> Answer:
    waits = {"retry-after": str(error.retry_after)} if error.retry_after is not None else {}
    return Answer(status=error.code, body=error.body(), headers=waits)
