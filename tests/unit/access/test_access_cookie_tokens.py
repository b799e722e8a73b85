"""The cookies' contents: nobody else makes them, and neither passes for the other."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.access.tokens import LivePass, PageState, Tokens, VerifiedClaims
from platz.access.tokens.cookie_tokens import PAGE_ENVS
from platz.errors import Rejected, Unauthenticated
from platz.identities import EnvId, User, UserId

SECRET = base64.b64encode(bytes(range(24))).decode()
OTHER_SECRET = base64.b64encode(bytes(range(1, 25))).decode()
NOW = datetime(2024, 3, 9, 16, 0, 0, tzinfo=UTC)
CLAIMS = VerifiedClaims(identity=User(id=UserId(uuid4())), expires_at=NOW + timedelta(hours=1))


def tokens(secret: str = SECRET) -> Tokens:
    return Tokens(lambda: secret)


def test_a_sign_in_is_resumed_with_the_secrets_it_began_with() -> None:
    flow, cookie = tokens().begin_sign_in(NOW)
    assert tokens().resume_sign_in(cookie, NOW + timedelta(minutes=9)) == flow


def test_the_challenge_is_the_hash_of_the_verifier() -> None:
    flow, _ = tokens().begin_sign_in(NOW)
    assert 43 <= len(flow.verifier) <= 128
    assert base64.urlsafe_b64decode(flow.challenge + "=") == hashlib.sha256(flow.verifier.encode()).digest()


def test_no_two_sign_ins_share_a_secret() -> None:
    flows = [tokens().begin_sign_in(NOW)[0] for _ in range(20)]
    secrets = {value for flow in flows for value in (flow.state, flow.nonce, flow.verifier)}
    assert len(secrets) == 60


def test_the_cookie_shows_nothing() -> None:
    flow, cookie = tokens().begin_sign_in(NOW)
    raw = base64.urlsafe_b64decode(cookie)
    assert not any(value.encode() in raw for value in (flow.state, flow.nonce, flow.verifier))


def test_a_sign_in_expires_after_ten_minutes() -> None:
    _, cookie = tokens().begin_sign_in(NOW)
    with pytest.raises(Rejected, match="sign in again"):
        tokens().resume_sign_in(cookie, NOW + timedelta(minutes=10))


@pytest.mark.parametrize("cookie", [None, "", "x", "x" * 4000, "é"])
def test_a_missing_or_foreign_cookie_is_rejected(cookie: str | None) -> None:
    with pytest.raises(Rejected, match="sign in again"):
        tokens().resume_sign_in(cookie, NOW)


def test_another_installations_cookie_is_rejected() -> None:
    _, cookie = tokens(OTHER_SECRET).begin_sign_in(NOW)
    with pytest.raises(Rejected):
        tokens().resume_sign_in(cookie, NOW)


def test_a_live_pass_stands_for_its_token_until_it_ends() -> None:
    cookie = tokens().seal_live_pass(CLAIMS)
    assert tokens().open_live_pass(cookie, NOW) == LivePass(claims=CLAIMS, page=None)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens().open_live_pass(cookie, CLAIMS.expires_at)


@pytest.mark.parametrize("number", [0, 1, PAGE_ENVS])
@pytest.mark.parametrize("everything", [False, True])
def test_a_live_pass_remembers_what_the_page_shows(number: int, everything: bool) -> None:
    env_ids = frozenset(EnvId(uuid4()) for _ in range(number))
    page = PageState(since=(1 << 62) + 5, everything=everything, env_ids=env_ids)
    cookie = tokens().seal_live_pass(CLAIMS, page)
    assert len(cookie) < 3000  # browsers keep 4096 characters with the attributes
    assert tokens().open_live_pass(cookie, NOW) == LivePass(claims=CLAIMS, page=page)


def test_a_live_pass_does_not_list_too_many_environments() -> None:
    page = PageState(
        since=1, everything=False, env_ids=frozenset(EnvId(uuid4()) for _ in range(PAGE_ENVS + 1))
    )
    opened = tokens().open_live_pass(tokens().seal_live_pass(CLAIMS, page), NOW)
    assert opened.page == PageState(since=1, everything=False, env_ids=None)


def test_tokens_of_different_purposes_are_not_interchangeable() -> None:
    made = tokens()
    _, sign_in = made.begin_sign_in(NOW)
    live_pass = made.seal_live_pass(CLAIMS)
    access = made.issue(CLAIMS.identity, timedelta(hours=1), NOW).text
    for text in (sign_in, access):
        with pytest.raises(Unauthenticated):
            made.open_live_pass(text, NOW)
    for text in (live_pass, access):
        with pytest.raises(Rejected):
            made.resume_sign_in(text, NOW)
    for text in (live_pass, sign_in):
        with pytest.raises(Unauthenticated):
            made.verify(text, NOW)


@given(st.text(max_size=200))
def test_no_text_crashes_the_check(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens().open_live_pass(text, NOW)
