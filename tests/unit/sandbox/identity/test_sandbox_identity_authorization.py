"""Authorization requests: which are granted, which are refused, and to whom the refusal is told."""

from __future__ import annotations

import pytest

from platz_sandbox.identity.authorization import parse
from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.errors import RefusedByRedirect, RefusedOnPage

REDIRECT = "http://127.0.0.1:3000/auth/google/callback"
CLIENT = Client(id="platz", secret="shh", redirect_uris=frozenset({REDIRECT}))
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
GOOD = {
    "response_type": "code",
    "client_id": "platz",
    "redirect_uri": REDIRECT,
    "scope": "openid profile email",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def changed(**changes: str | None) -> dict[str, str]:
    return {name: value for name, value in (GOOD | changes).items() if value is not None}


def test_a_request_in_order_is_understood():
    request = parse(GOOD, CLIENT)

    assert request.redirect_uri == REDIRECT
    assert request.scope == {"openid", "profile", "email"}
    assert (request.state, request.nonce, request.code_challenge) == ("s", "n", CHALLENGE)


def test_state_nonce_and_challenge_may_be_left_out():
    request = parse(changed(state=None, nonce=None, code_challenge=None, code_challenge_method=None), CLIENT)

    assert (request.state, request.nonce, request.code_challenge) == (None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": REDIRECT.upper()},
        {"redirect_uri": "http://localhost:3000/auth/google/callback"},
        {"redirect_uri": "http://127.0.0.1:3000/auth/google/callback/../../evil"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_a_client_or_redirect_uri_that_is_not_exactly_registered_is_never_redirected_to(changes):
    with pytest.raises(RefusedOnPage):
        parse(changed(**changes), CLIENT)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://x.example/"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),  # means plain (RFC 7636, 4.3)
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"nonce": "n" * 3000}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
def test_what_the_client_did_wrong_is_told_to_the_client_with_its_state(changes, error):
    with pytest.raises(RefusedByRedirect) as refusal:
        parse(changed(**changes), CLIENT)

    assert refusal.value.error == error
    assert (refusal.value.redirect_uri, refusal.value.state) == (REDIRECT, "s")
