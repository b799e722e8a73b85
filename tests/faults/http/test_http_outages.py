"""Given an outage outside Platz, when a request comes, then it gets one clear response within a deadline."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import anyio
import httpx
import pytest
from http_client import BASE, Installation, installation

from platz.db.address import PoolLimits
from platz.db.database import Database
from platz.http import dispatch
from platz.http.application import build_application
from platz.http.server import WebServer, bind


@pytest.fixture
def api(database: Database) -> Iterator[Installation]:
    with installation(database) as made:
        yield made


def asking(application: object, path: str, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get(BASE + path, headers=headers)

    return anyio.run(ask)


@pytest.mark.parametrize("path", ["/deployments", f"/deployments/{UUID(int=1)}", "/auth/me"])
def test_given_no_database_when_asked_then_503_and_never_401(api: Installation, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nowhere = Database(replace(api.database.address, port=port), PoolLimits(connection_timeout=1))
    from http_client import services_for

    answer = asking(build_application(services_for(nowhere)), path, dict(api["user"].headers))

    assert answer.status_code == 503
    assert set(answer.json()) == {"message"}
    assert answer.json()["message"].startswith("Database error: ")
    assert str(port) not in answer.text


def test_given_lost_connections_when_asked_again_then_it_works(api: Installation) -> None:
    assert api["user"].get("/deployments").status_code == 200
    with api.database.dedicated() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    statuses = {api["user"].get("/deployments").status_code for _ in range(10)}
    assert statuses <= {200, 503}
    assert api["user"].get("/deployments").status_code == 200


def test_given_a_busy_pool_when_asked_then_503_says_so(api: Installation) -> None:
    small = Database(api.database.address, PoolLimits(max_size=1, connection_timeout=1))
    from http_client import services_for

    with small.reading():
        answer = asking(build_application(services_for(small)), "/deployments", dict(api["user"].headers))
    small.close()

    assert answer.status_code == 503
    assert "try again" in answer.json()["message"]


def test_given_a_body_that_never_ends_when_the_time_is_over_then_408(
    api: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "BODY_SECONDS", 0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await anyio.sleep_forever()

    answer = api["site"].request(
        "POST", "/bots", content=stuck(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 408
    assert set(answer.json()) == {"message"}


@contextmanager
def served(api: Installation) -> Iterator[int]:
    listener = bind("127.0.0.1", 0)
    server = WebServer(lambda: build_application(api.services), listener=listener)
    server.start(threading.Event().set)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.stop(seconds=2)
        listener.close()


def test_given_a_client_that_hangs_up_in_its_body_then_nothing_is_written_and_others_are_served(
    api: Installation,
) -> None:
    token = api["site"].headers["Authorization"]
    head = (
        "POST /api/v2/bots HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"content-length: 100\r\nauthorization: {token}\r\n\r\n"
    )
    with served(api) as port:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(head.encode() + b'{"display_name": "half')
        answer = httpx.get(
            f"http://127.0.0.1:{port}/api/v2/bots", headers={"authorization": token}, timeout=10
        )
    assert answer.status_code == 200
    assert answer.json()["num_total"] == 1


def test_given_a_request_that_is_not_done_when_the_server_stops_then_it_gets_503(api: Installation) -> None:
    head = (
        "POST /api/v2/bots HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n"
        f"content-length: 100\r\nauthorization: {api['site'].headers['Authorization']}\r\n\r\n"
    )
    with served(api) as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        client.sendall(head.encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 100 ")  # the server waits for the body
    with client:
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b'{"message":"Platz is stopping; try again in a moment."}')


def test_given_many_at_once_then_all_are_answered(api: Installation) -> None:
    token = api["user"].headers["Authorization"]

    async def ask_all(port: int) -> list[int]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:
            statuses: list[int] = []

            async def one() -> None:
                url = f"http://127.0.0.1:{port}/api/v2/deployments"
                statuses.append((await client.get(url, headers={"authorization": token})).status_code)

            async with anyio.create_task_group() as group:
                for _ in range(200):
                    group.start_soon(one)
            return statuses

    with served(api) as port:
        assert anyio.run(ask_all, port) == [200] * 200
