"""Given a head that is too long, never ends or is not HTTP, then the connection ends with one clear response."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from select import select

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from platz.http import http_protocol
from platz.http.http_protocol import MAX_HEAD_BYTES
from platz.http.server import WebServer, bind

WAIT_SECONDS = 10.0


def application() -> Starlette:
    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    return Starlette(routes=[Route("/", hello), Route("/read", read, methods=["POST"])])


@pytest.fixture
def client() -> Iterator[socket.socket]:
    listener = bind("127.0.0.1", 0)
    server = WebServer(application, listener=listener)
    server.start(threading.Event().set)
    try:
        with socket.create_connection(listener.getsockname(), timeout=WAIT_SECONDS) as made:
            yield made
    finally:
        server.stop(seconds=2)
        listener.close()


def last_words(client: socket.socket) -> tuple[int, str]:
    """Return the status and the message of the response that comes before the connection ends."""
    received = b""
    while chunk := client.recv(65536):
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    return int(head.split()[1]), json.loads(body)["message"]


def send_for_ever(client: socket.socket) -> None:
    while True:
        client.sendall(b"a" * MAX_HEAD_BYTES)


def test_a_head_without_end_is_cut_off(client: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.05)
    client.sendall(b"GET / HTTP/1.1\r\nx-long: ")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_for_ever(client)


def test_a_head_that_is_too_long_is_refused(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nx-long: ")
    while not select([client], [], [], 0)[0]:
        client.sendall(b"a" * 4096)
    assert last_words(client) == (431, "The head of the request is too long.")


def test_a_long_head_passes(client: socket.socket) -> None:
    for name in (b"x-first", b"x-second"):
        request = b"GET / HTTP/1.1\r\nhost: x\r\n%b: " % name + b"a" * (MAX_HEAD_BYTES - 100)
        client.sendall(request)
        client.sendall(b"\r\n\r\n")
        assert client.recv(65536).endswith(b"hello")


def test_a_head_that_begins_behind_a_long_body_passes(client: socket.socket) -> None:
    body = b"a" * 3 * MAX_HEAD_BYTES
    client.sendall(
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%bGET / HTTP/1.1\r\nhost: x\r\n"
        % (len(body), body)
    )
    client.sendall(b"connection: close\r\n\r\n")
    received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 405 ")
    assert received.endswith(b"hello")


def test_a_head_that_does_not_end_in_time_is_refused(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.05)
    client.sendall(b"GET / HTTP/1.1\r\nx-slow: a")
    assert last_words(client) == (408, "The head of the request took too long to arrive.")


def test_what_is_no_request_is_refused_in_the_envelope(client: socket.socket) -> None:
    client.sendall(b"hello\r\n\r\n")
    assert last_words(client) == (400, "Invalid HTTP request received.")


def test_a_request_before_what_is_none_gets_its_answer(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nhello\r\n\r\n")
    received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\nhello")


def test_a_body_that_is_none_is_refused_in_the_envelope(client: socket.socket) -> None:
    client.sendall(b"POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    client.sendall(b"no size\r\n\r\n")
    assert last_words(client) == (400, "Invalid HTTP request received.")
