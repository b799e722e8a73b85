"""While the process starts it lives, is not ready, and turns everybody else away with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from platz.http.starting import starting_application

STEP = "adopting: step 3 of 16 (merge charts)"


class Client:
    """Sends requests to the application without a server."""

    def __init__(self, step: Callable[[], str]) -> None:
        self.application = starting_application(step)

    def request(self, method: str, path: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
                return await client.request(method, path)

        return asyncio.run(send())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)


@pytest.fixture
def client() -> Client:
    return Client(lambda: STEP)


@pytest.mark.parametrize("path", ["/status", "/healthz"])
def test_it_lives(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, "ok")


def test_it_is_not_ready_and_says_what_it_does(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "stopping": False,
        "dependencies": {"database": {"ok": False, "reason": STEP}},
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/v2/deployments", "/metrics", "/status/", "/any/page"])
def test_everything_else_is_turned_away_with_a_sentence(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 503
    assert answer.json() == {"message": f"Platz is not ready yet ({STEP}); try again in a moment."}
    assert answer.headers["Retry-After"] == "5"


def test_a_live_connection_is_turned_away(client: Client) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/api/v2/ws",
        "headers": [],
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(client.application(scope, receive, send))
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 503


@pytest.mark.parametrize("path", ["/status", "/readyz", "/api/v2/users"])
def test_no_connection_outlives_its_answer(client: Client, path: str) -> None:
    assert client.get(path).headers["Connection"] == "close"


def test_each_answer_tells_the_present_step() -> None:
    steps = iter(["one", "two"])
    client = Client(lambda: next(steps))
    told = [client.get("/readyz").json()["dependencies"]["database"]["reason"] for _ in range(2)]
    assert told == ["one", "two"]
