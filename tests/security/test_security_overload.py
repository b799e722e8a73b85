"""Given an attacker without a credential who wants to stop Platz, when they send what they can, then others are served.

Source: SECURITY.md, "Threat model".
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route as WebRoute

from platz.http import dispatch
from platz.http.body_room import BodyRoom
from platz.http.dispatch import PathEndpoint, RequestThreads, TooManySignIns
from platz.http.endpoints.sign_in import ROUTES
from platz.http.middleware import RequestMiddleware
from platz.http.rate_limits import RateLimits
from platz.http.requests import MAX_ANONYMOUS_BYTES, RequestBody
from platz.http.responses import ApiResponse
from platz.http.route import ApiRequest, Permission, Route
from platz.http.server import WebServer, bind

WAIT_SECONDS = 10.0


class Note(RequestBody):
    text: str = ""


def answer(_request: ApiRequest[Any]) -> ApiResponse:
    return ApiResponse(status=200, body=b"{}")


def route(**options: Any) -> Route[Any]:
    shown: dict[str, Any] = {
        "operation_id": None,
        "tag": "t",
        "summary": "s",
        "permission": Permission.ANYONE,
    }
    return Route(**shown | {"handler": answer, "request": Note} | options)


def application(*routes: Route[Any]) -> Starlette:
    threads, room = RequestThreads(4), BodyRoom()
    services: Any = SimpleNamespace(rate_limits=RateLimits())  # no route of these tests authenticates
    endpoints = [WebRoute(each.path, PathEndpoint([each], services, threads, room)) for each in routes]
    made = Starlette(routes=endpoints)
    made.add_middleware(RequestMiddleware)
    return made


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    listener = bind("127.0.0.1", 0)
    server = WebServer(
        lambda: application(route(method="POST", path="/note"), route(method="GET", path="/", request=None)),
        listener=listener,
    )
    server.start(threading.Event().set)
    try:
        yield listener.getsockname()
    finally:
        server.stop(seconds=2)
        listener.close()


def last_words(address: tuple[str, int], sent: bytes) -> tuple[int, Any]:
    """Send bytes; return the status and the document of the response, after which the connection ends."""
    with socket.create_connection(address, timeout=WAIT_SECONDS) as client:
        client.sendall(sent)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_a_large_body_without_a_credential_is_refused_by_its_head(address: tuple[str, int]) -> None:
    head = f"POST /note HTTP/1.1\r\nhost: x\r\ncontent-length: {MAX_ANONYMOUS_BYTES + 1}\r\n"
    status, refusal = last_words(
        address, f"{head}content-type: application/json\r\nconnection: close\r\n\r\n".encode()
    )
    assert (status, refusal["message"][:36]) == (400, "JSON payload (16385 bytes) is larger")


@pytest.mark.parametrize("hosts", ["", "host: a\r\nhost: b\r\n", "Host: a\r\nhost: a\r\n"])
@pytest.mark.parametrize(
    "rest", ["", "content-length: 2\r\n", "upgrade: websocket\r\nconnection: upgrade\r\n"]
)
def test_a_request_without_exactly_one_host_is_refused(
    address: tuple[str, int], hosts: str, rest: str
) -> None:
    body = "{}" if "content-length" in rest else ""
    status, refusal = last_words(address, f"GET / HTTP/1.1\r\n{hosts}{rest}\r\n{body}".encode())
    assert (status, refusal["message"]) == (400, "The request needs one Host header.")


def test_an_older_client_needs_no_host(address: tuple[str, int]) -> None:
    assert last_words(address, b"GET / HTTP/1.0\r\n\r\n")[0] == 200


def test_sign_ins_that_hang_take_no_thread_from_others_and_are_refused_at_once_when_there_are_too_many() -> (
    None
):
    begun, release = threading.Semaphore(0), threading.Event()

    def hang(_request: ApiRequest[Any]) -> ApiResponse:
        begun.release()
        release.wait(WAIT_SECONDS)
        return ApiResponse(status=200, body=b"{}")

    routes = (
        route(method="GET", path="/sign-in", request=None, handler=hang, signs_in=True),
        route(method="GET", path="/others", request=None),
    )

    async def story() -> None:
        transport = httpx.ASGITransport(application(*routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
            hanging = [asyncio.create_task(client.get("/sign-in")) for _ in range(dispatch.SIGN_IN_THREADS)]
            for _ in hanging:
                await asyncio.to_thread(begun.acquire, timeout=WAIT_SECONDS)
            refused = await client.get("/sign-in")
            assert (refused.status_code, refused.json()["message"]) == (503, TooManySignIns().message)
            assert (await client.get("/others")).status_code == 200
            release.set()
            assert {(await each).status_code for each in hanging} == {200}
            assert (await client.get("/sign-in")).status_code == 200

    asyncio.run(story())


def test_both_routes_of_a_sign_in_have_threads_of_their_own() -> None:
    assert [each.path for each in ROUTES if each.signs_in] == ["/auth/google", "/auth/google/callback"]
