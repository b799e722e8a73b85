"""The port of the health has the operational endpoints and nothing else."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from platz.errors import PlatzError
from platz.http.health import Readiness, health_application


def well() -> None:
    """Find nothing wrong."""


def ill() -> None:
    raise PlatzError("The database does not answer.")


def get(readiness: Readiness, path: str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=health_application(readiness))
        async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
            return await client.get(path)

    return asyncio.run(send())


@pytest.mark.parametrize("path", ["/status", "/healthz"])
def test_it_lives_whatever_it_depends_on(path: str) -> None:
    answer = get(Readiness({"database": ill}), path)
    assert (answer.status_code, answer.json()) == (200, "ok")


def test_it_is_ready_when_all_is_well() -> None:
    assert get(Readiness({"database": well}), "/readyz").status_code == 200


def test_it_says_what_is_not_well() -> None:
    answer = get(Readiness({"database": ill, "actors": well}), "/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"]["database"]["reason"] == "The database does not answer."


def test_it_is_not_ready_while_it_stops() -> None:
    readiness = Readiness({"database": well})
    readiness.begin_shutdown()
    assert get(readiness, "/readyz").json()["stopping"] is True


def test_the_metrics_are_those_of_the_process() -> None:
    text = get(Readiness({}), "/metrics").text
    assert "process_resident_memory_bytes" in text
    assert "platz_leases_held" in text
    assert "platz_deployment_task_status_counter" not in text


@pytest.mark.parametrize("path", ["/", "/api/v2/users", "/status/"])
def test_nothing_else_is_there(path: str) -> None:
    assert get(Readiness({}), path).status_code == 404
