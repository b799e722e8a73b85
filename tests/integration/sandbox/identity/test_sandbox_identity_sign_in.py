"""The whole sign-in, checked as strictly as a careful client would."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx
import pytest
from jose import jwk, jwt
from jose.exceptions import JWTError

from platz_sandbox.identity.sign_in import sign_in

REDIRECT = "http://127.0.0.1:3000/auth/google/callback"
CLIENT_ID, CLIENT_SECRET = "platz", "a secret: with / odd + characters"


def configuration(issuer: str) -> dict:
    return httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()


def verified(issuer: str, tokens: dict, algorithm: str = "RS256") -> dict:
    """Check the ID token as OpenID Connect Core, 3.1.3.7 says, and return its claims."""
    keys = httpx.get(configuration(issuer)["jwks_uri"]).json()["keys"]
    kid = jwt.get_unverified_header(tokens["id_token"])["kid"]
    (key,) = [key for key in keys if key["kid"] == kid and key["use"] == "sig"]
    return jwt.decode(
        tokens["id_token"],
        jwk.construct(key, algorithm),
        algorithms=[algorithm],
        audience=CLIENT_ID,
        issuer=issuer,
        access_token=tokens["access_token"],
        options={f"require_{claim}": True for claim in ("iss", "sub", "aud", "exp", "iat", "at_hash")},
    )


def test_the_discovery_document_names_the_issuer_and_endpoints_that_answer(issuer):
    document = configuration(issuer)

    assert document["issuer"] == issuer
    for name in ("authorization", "token", "userinfo"):
        assert httpx.get(document[f"{name}_endpoint"]).status_code in (400, 401, 405)
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
    }


def test_state_and_issuer_come_back_with_the_code(application, issuer):
    back = sign_in(application.url(state="a b&c=d/ü"), "admin@platz.localhost")

    assert back.startswith(REDIRECT + "?")
    assert application.sign_in(state="a b&c=d/ü").keys() == {"code", "state", "iss"}
    assert application.sign_in(state="a b&c=d/ü")["state"] == "a b&c=d/ü"
    assert application.sign_in()["iss"] == issuer


def test_no_state_comes_back_when_none_was_sent(application):
    assert application.sign_in(state=None).keys() == {"code", "iss"}


def test_a_redirect_uri_keeps_its_own_query(application):
    back = sign_in(
        application.url(redirect_uri="https://platz.example.com/auth/google/callback?from=idp"),
        "admin@platz.localhost",
    )

    assert urlsplit(back).query.startswith("from=idp&code=")


def test_the_id_token_is_signed_bound_and_says_who_signed_in(application, issuer):
    claims = verified(issuer, application.tokens("Owner@Platz.localhost"))

    assert claims["nonce"] == application.nonce
    assert claims["azp"] == CLIENT_ID
    assert (claims["email"], claims["email_verified"]) == ("owner@platz.localhost", True)
    assert claims["name"] == "Olga Owner"
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["auth_time"] <= claims["iat"]


def test_the_id_token_has_no_nonce_when_none_was_sent(application, issuer):
    assert "nonce" not in verified(issuer, application.tokens(nonce=None))


def test_the_id_token_belongs_to_its_access_token_only(application, issuer):
    tokens = application.tokens()

    with pytest.raises(JWTError, match="at_hash"):
        verified(issuer, tokens | {"access_token": "another"})


def test_userinfo_says_the_same_as_the_id_token(application, issuer):
    tokens = application.tokens()

    answer = httpx.get(
        configuration(issuer)["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )

    claims = verified(issuer, tokens)
    assert answer.json() == {name: claims[name] for name in ("sub", "name", "email", "email_verified")}


def test_the_scope_decides_what_is_told(application, issuer):
    tokens = application.tokens(scope="openid")

    answer = httpx.get(f"{issuer}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert tokens["scope"] == "openid"
    assert set(answer.json()) == {"sub"}
    assert "email" not in verified(issuer, tokens)


def test_a_subject_stays_the_same_and_differs_between_users(application, issuer):
    first = verified(issuer, application.tokens())["sub"]

    assert verified(issuer, application.tokens())["sub"] == first
    assert verified(issuer, application.tokens("viewer@platz.localhost"))["sub"] != first


def test_an_unverified_address_is_told_as_such(application, issuer):
    assert verified(issuer, application.tokens("unverified@platz.localhost"))["email_verified"] is False


def test_e_mail_and_password_sign_in_too(application, issuer):
    back = sign_in(application.url(), "owner@platz.localhost", password="owner")

    assert "code=" in back


def test_the_client_may_send_its_credentials_in_the_form(application, issuer):
    answer = httpx.post(
        f"{issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": application.sign_in()["code"],
            "redirect_uri": REDIRECT,
            "code_verifier": application.verifier,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        },
    )

    assert answer.status_code == 200


def test_a_token_response_is_never_cached(application):
    answer = application.redeem(application.sign_in()["code"])

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600


def test_an_id_token_still_verifies_after_a_rotation_and_the_next_one_uses_the_new_key(application, issuer):
    before = application.tokens()

    rotated = httpx.post(f"{issuer}/keys/rotate", auth=(CLIENT_ID, CLIENT_SECRET)).json()["kid"]

    assert verified(issuer, before)["nonce"] == application.nonce
    after = application.tokens()
    assert jwt.get_unverified_header(after["id_token"])["kid"] == rotated
    assert verified(issuer, after)["nonce"] == application.nonce
