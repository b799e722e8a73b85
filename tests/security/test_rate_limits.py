"""Given an attacker without a credential, when they ask or guess without end, then they, and only they, must wait.

Source: docs/contract/http-api.md, "Being stopped"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from http_client import Caller, Installation, installation
from structlog.testing import capture_logs

from platz.access.tokens import new_api_token
from platz.db.database import Database
from platz.http.rate_limits import (
    MAX_ADDRESSES,
    RateLimit,
    RateLimits,
    TooManyRequests,
    anonymous_limit,
    failed_token_limit,
    network_of,
)

MOST = 50
"""More requests than the narrow limits allow at once."""


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def narrow(database: Database) -> Iterator[Installation]:
    """An installation with limits that are soon reached."""
    limits = RateLimits(anonymous=anonymous_limit(20), failed_tokens=failed_token_limit(20))
    with installation(database, rate_limits=limits) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


def allowed(limit: RateLimit, address: str, *, most: int = 1000) -> int:
    for number in range(most):
        try:
            limit.take(address)
        except TooManyRequests:
            return number
    return most


def test_given_an_address_when_it_has_used_its_minute_then_it_gets_as_much_back_as_time_passes(
    clock: Clock,
) -> None:
    limit = RateLimit(60, "Too many.", clock=clock)
    assert allowed(limit, "192.0.2.1") == 60
    with pytest.raises(TooManyRequests, match=r"Too many. Try again in 1 s.") as refused:
        limit.take("192.0.2.1")
    assert refused.value.retry_after == 1
    clock.now += 10
    assert allowed(limit, "192.0.2.1") == 10
    clock.now += 3600
    assert allowed(limit, "192.0.2.1") == 60


def test_given_one_address_over_its_limit_when_another_asks_then_it_is_answered(clock: Clock) -> None:
    limit = RateLimit(5, "Too many.", clock=clock)
    assert allowed(limit, "192.0.2.1") == 5
    assert allowed(limit, "192.0.2.2") == 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
def test_given_many_addresses_of_one_machine_when_they_are_counted_then_they_are_one(
    address: str | None, network: str
) -> None:
    assert network_of(address) == network


def test_given_endless_addresses_when_they_are_counted_then_memory_is_bounded(clock: Clock) -> None:
    limit = RateLimit(1, "Too many.", clock=clock)
    for number in range(MAX_ADDRESSES + 10):
        limit.take(f"x{number}")
    assert allowed(limit, "x0", most=3) == 1  # forgotten
    assert allowed(limit, f"x{MAX_ADDRESSES}", most=3) == 0  # remembered


def until_refused(caller: Caller, path: str, **headers: str) -> httpx.Response:
    for _ in range(MOST):
        answer = caller.get(path, headers=headers)
        if answer.status_code == 429:
            return answer
        assert answer.status_code in {200, 401, 503}
    raise AssertionError("nobody was told to wait")


def test_given_a_guesser_when_they_are_told_to_wait_then_others_at_the_address_work_on(
    narrow: Installation,
) -> None:
    stored, token = new_api_token()
    with capture_logs() as logs:
        answer = until_refused(narrow["anonymous"], "/envs", **{"x-platz-token": token})
    assert int(answer.headers["retry-after"]) >= 1
    assert "PLATZ_FAILED_TOKENS_PER_MINUTE" in answer.json()["message"]
    refused = [line for line in logs if line.get("action") == "credential_refused"]
    assert {UUID(line["token_id"]) for line in refused} == {stored.id}
    assert {line["address"] for line in refused} == {"127.0.0.1"}
    assert token.partition(".")[2] not in str(logs)
    for colleague in ("user", "bot", "deployment"):
        assert narrow[colleague].get("/envs").status_code == 200
    assert narrow["anonymous"].get("/server").status_code == 200
    assert narrow["anonymous"].get("/envs").status_code == 401


def test_given_an_anonymous_flood_when_it_is_told_to_wait_then_who_is_signed_in_works_on(
    narrow: Installation,
) -> None:
    answer = until_refused(narrow["anonymous"], "/server")
    assert int(answer.headers["retry-after"]) >= 1
    assert "PLATZ_ANONYMOUS_REQUESTS_PER_MINUTE" in answer.json()["message"]
    assert narrow["user"].get("/envs").status_code == 200


def test_given_200_people_at_one_address_when_they_sign_in_within_a_minute_then_nobody_waits() -> None:
    limit = RateLimits().anonymous
    for _person in range(200):
        for _request in ("/server", "start", "finish", "/server"):
            limit.take("198.51.100.7")
