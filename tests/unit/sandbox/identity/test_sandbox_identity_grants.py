"""Codes and access tokens: one attempt, 60 seconds, bound to redirect URI and challenge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from platz_sandbox.identity.authorization import AuthorizationRequest
from platz_sandbox.identity.errors import TokenRefused
from platz_sandbox.identity.grants import Grants
from platz_sandbox.identity.people import DemoUser

REDIRECT = "http://127.0.0.1:3000/cb"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
USER = DemoUser(email="a@b.c", name="A", password="p", email_verified=True, purpose="x")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2025, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def grants(clock: Clock) -> Grants:
    return Grants(clock)


def request(challenge: str | None = CHALLENGE) -> AuthorizationRequest:
    return AuthorizationRequest(
        client_id="platz",
        redirect_uri=REDIRECT,
        scope=frozenset({"openid"}),
        state=None,
        nonce=None,
        code_challenge=challenge,
        login_hint="",
    )


def redeem(grants: Grants, code: str, *, redirect_uri: str = REDIRECT, verifier: str | None = VERIFIER):
    return grants.redeem(code=code, redirect_uri=redirect_uri, code_verifier=verifier)


def test_a_code_gives_the_grant_and_an_access_token(grants):
    grant, token = redeem(grants, grants.issue_code(request(), USER))

    assert grant.user is USER
    assert grants.of_access_token(token) is grant


def test_codes_and_tokens_do_not_repeat(grants):
    codes = {grants.issue_code(request(), USER) for _ in range(100)}

    assert len(codes) == 100
    assert all(len(code) >= 43 for code in codes)


@pytest.mark.parametrize(("seconds", "is_good"), [(59.9, True), (60, False), (3600, False)])
def test_a_code_lives_for_less_than_a_minute(grants, clock, seconds, is_good):
    code = grants.issue_code(request(), USER)
    clock.time += timedelta(seconds=seconds)

    if is_good:
        redeem(grants, code)
    else:
        with pytest.raises(TokenRefused, match="expired"):
            redeem(grants, code)


@pytest.mark.parametrize(
    "attempt",
    [
        {"redirect_uri": REDIRECT + "/"},
        {"verifier": None},
        {"verifier": VERIFIER[:-1] + "x"},
        {"verifier": "short"},
        {"verifier": "ä" * 43},
        {"verifier": CHALLENGE},  # what the plain method would accept
    ],
)
def test_a_failed_attempt_spends_the_code(grants, attempt):
    code = grants.issue_code(request(), USER)

    with pytest.raises(TokenRefused) as refusal:
        redeem(grants, code, **attempt)

    assert refusal.value.error == "invalid_grant"
    with pytest.raises(TokenRefused):
        redeem(grants, code)


def test_a_second_use_is_refused_and_revokes_the_access_token(grants):
    code = grants.issue_code(request(), USER)
    _, token = redeem(grants, code)

    with pytest.raises(TokenRefused, match="revoked"):
        redeem(grants, code)

    assert grants.of_access_token(token) is None


def test_a_code_without_challenge_needs_no_verifier(grants):
    redeem(grants, grants.issue_code(request(challenge=None), USER), verifier=None)


def test_a_verifier_for_a_code_without_challenge_is_a_downgrade_and_refused(grants):
    with pytest.raises(TokenRefused, match="without code_challenge"):
        redeem(grants, grants.issue_code(request(challenge=None), USER))


def test_an_access_token_expires(grants, clock):
    _, token = redeem(grants, grants.issue_code(request(), USER))

    clock.time += timedelta(hours=1)

    assert grants.of_access_token(token) is None


def test_a_flood_of_codes_drops_the_oldest_and_keeps_the_newest(grants):
    codes = [grants.issue_code(request(), USER) for _ in range(10_001)]

    with pytest.raises(TokenRefused):
        redeem(grants, codes[0])
    redeem(grants, codes[-1])
