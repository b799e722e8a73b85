"""Signing in through a provider: what is sent, what is believed, and what is refused.

Source: docs/contract/auth.md, "Login flow".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fake_provider import (
    EC_KEY,
    ISSUER,
    NOW,
    OTHER_RSA_KEY,
    RSA_KEY,
    FakeProvider,
    at_hash,
    compact,
    public_jwk,
    sign_in,
)
from jose import jwe, jws

from platz.access import oidc
from platz.access.accounts import Person
from platz.access.oidc import callback_url
from platz.access.provider_documents import MAX_AGE, ProviderDirectory, ProviderSettings, ProviderUnavailable
from platz.access.tokens.cookie_tokens import SignInFlow, new_sign_in_flow
from platz.errors import Denied, PlatzError, Rejected, Retryable, Unauthenticated

ALICE = Person(name="Alice", email="alice@example.com")
SECONDS = int(NOW.timestamp())


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def flow() -> SignInFlow:
    return new_sign_in_flow()


def test_a_person_signs_in(provider: FakeProvider, flow: SignInFlow) -> None:
    assert sign_in(provider, flow) == ALICE


def test_the_authorization_request_has_the_contracts_parameters(
    provider: FakeProvider, flow: SignInFlow
) -> None:
    url = urlsplit(provider.identity_provider().redirect_url(flow))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUER}/authorize"
    assert parse_qs(url.query) == {
        "response_type": ["code"],
        "client_id": ["platz"],
        "redirect_uri": ["https://platz.example.com/auth/google/callback"],
        "scope": ["openid profile email"],
        "state": [flow.state],
        "nonce": [flow.nonce],
        "code_challenge": [flow.challenge],
        "code_challenge_method": ["S256"],
    }


@pytest.mark.parametrize(
    "own_url",
    [
        "https://p.example.com",
        "https://p.example.com/",
        "https://p.example.com/a/b?c",
        "HTTPS://P.example.com:443",
    ],
)
def test_the_callback_is_at_the_origin(own_url: str) -> None:
    assert callback_url(own_url) == "https://p.example.com/auth/google/callback"


def test_a_trailing_slash_of_the_issuer_is_tolerated(provider: FakeProvider, flow: SignInFlow) -> None:
    assert sign_in(provider, flow, server_url=f"{ISSUER}/") == ALICE


def test_an_endpoint_with_a_query_keeps_it(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.discovery["authorization_endpoint"] += "?tenant=1"
    assert "?tenant=1&response_type=code" in provider.identity_provider().redirect_url(flow)


def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there(
    provider: FakeProvider, flow: SignInFlow
) -> None:
    provider.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert sign_in(provider, flow) == ALICE


@pytest.mark.parametrize("kid", ["one", None])
@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (RSA_KEY, "RS512"), (EC_KEY, "ES256")])
def test_public_key_signatures_are_accepted(
    provider: FakeProvider, flow: SignInFlow, key: Any, algorithm: str, kid: str | None
) -> None:
    published = public_jwk(key, kid, algorithm)
    published.pop("alg", None)
    provider.keys = [public_jwk(OTHER_RSA_KEY, None if kid is None else "other"), published]
    provider.signing = (key, algorithm, kid)
    assert sign_in(provider, flow) == ALICE


def test_a_new_key_is_fetched_when_a_token_names_it(provider: FakeProvider, flow: SignInFlow) -> None:
    identity_provider = provider.identity_provider()
    code = provider.authorize(identity_provider.redirect_url(flow))
    provider.keys = [public_jwk(OTHER_RSA_KEY, "two")]
    provider.signing = (OTHER_RSA_KEY, "RS256", "two")
    assert identity_provider.finish(code, flow) == ALICE


@pytest.mark.parametrize("kid", ["one", None])
def test_a_new_key_is_fetched_when_it_took_the_old_ones_name(
    provider: FakeProvider, flow: SignInFlow, kid: str | None
) -> None:
    provider.keys = [public_jwk(RSA_KEY, kid)]
    identity_provider = provider.identity_provider()
    code = provider.authorize(identity_provider.redirect_url(flow))
    provider.keys = [public_jwk(OTHER_RSA_KEY, kid)]
    provider.signing = (OTHER_RSA_KEY, "RS256", kid)
    assert identity_provider.finish(code, flow) == ALICE


def test_a_key_that_is_never_published_is_refused_after_one_look(
    provider: FakeProvider, flow: SignInFlow
) -> None:
    provider.signing = (OTHER_RSA_KEY, "RS256", "secret")
    with pytest.raises(Unauthenticated):
        sign_in(provider, flow)
    assert provider.asked.count("/keys") == 2


def test_documents_are_kept_for_ten_minutes(provider: FakeProvider) -> None:
    time = [0.0]
    settings = ProviderSettings(server_url=ISSUER, client_id="platz", client_secret="s")
    directory = ProviderDirectory(lambda: settings, provider.client, clock=lambda: time[0])
    for moment in (0, MAX_AGE - 1, MAX_AGE, 2 * MAX_AGE - 1):
        time[0] = moment
        directory.documents()
    assert provider.asked.count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": ...}, "nonce"),
        ({"iss": "https://evil.example.com"}, "iss"),
        ({"iss": ...}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ...}, "aud"),
        ({"aud": ["platz", "another"]}, "aud"),
        ({"aud": ["platz", "another"], "azp": "another"}, "aud"),
        ({"azp": "another"}, "aud"),
        ({"exp": SECONDS - 6}, "exp"),
        ({"exp": ...}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": SECONDS + 3600}, "iat"),
        ({"iat": ...}, "iat"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"at_hash": at_hash("another")}, "at_hash"),
        ({"at_hash": 7}, "at_hash"),
    ],
)
def test_a_wrong_claim_is_refused(
    provider: FakeProvider, flow: SignInFlow, claims: dict[str, Any], word: str
) -> None:
    provider.claims = claims
    with pytest.raises(Unauthenticated, match=f"OIDC authentication error: the ID token's `{word}`"):
        sign_in(provider, flow)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["platz"]},
        {"aud": ["platz", "another"], "azp": "platz"},
        {"at_hash": at_hash("opaque")},
        {"azp": "platz"},
    ],
)
def test_the_standards_other_right_forms_are_accepted(
    provider: FakeProvider, flow: SignInFlow, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert sign_in(provider, flow) == ALICE


def test_the_client_secret_does_not_sign_id_tokens(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.signing = ("s3:cret/+", "HS256", None)
    with pytest.raises(Unauthenticated, match="algorithm is not allowed"):
        sign_in(provider, flow)


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_the_public_key_used_as_a_shared_secret_does_not_sign(
    provider: FakeProvider, flow: SignInFlow, encoding: Encoding
) -> None:
    """Algorithm confusion."""
    code = provider.authorize(provider.identity_provider().redirect_url(flow))
    public = RSA_KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    claims = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": "platz",
        "iat": SECONDS,
        "exp": SECONDS + 60,
        "nonce": flow.nonce,
    }
    signed = f"{compact({'alg': 'HS256', 'kid': 'one'})}.{compact(claims)}"
    signature = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    import base64

    provider.token_answer = {
        "id_token": f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    }
    with pytest.raises(Unauthenticated, match="algorithm is not allowed"):
        provider.identity_provider().finish(code, flow)


def test_a_symmetric_key_that_is_published_is_not_used(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.keys = [{"kty": "oct", "kid": "one", "alg": "RS256", "k": "c2VjcmV0"}]
    with pytest.raises(Unauthenticated):
        sign_in(provider, flow)


@pytest.mark.parametrize(
    "token",
    [
        None, 7, "", "x", "a.b.c", f"{compact({'alg': 'none'})}.{compact({'sub': 'alice'})}.",
        jwe.encrypt("{}", b"x" * 32, algorithm="dir", encryption="A256GCM").decode(), "x" * 40_000,
    ],
    ids=["null", "number", "empty", "x", "three parts", "unsigned", "encrypted", "long"],
)  # fmt: skip
def test_what_is_no_signed_token_is_refused(provider: FakeProvider, flow: SignInFlow, token: Any) -> None:
    provider.token_answer = {"id_token": token}
    with pytest.raises(Unauthenticated):
        sign_in(provider, flow)


def test_a_key_that_can_not_be_used_is_refused(provider: FakeProvider, flow: SignInFlow) -> None:
    for broken in ({"n": "!", "e": "AQAB"}, {"n": "AQAB"}, {"n": 7, "e": 7}, {}):
        provider.keys = [{"kty": "RSA", "kid": "one", **broken}]
        with pytest.raises(Unauthenticated):
            sign_in(provider, flow)


def test_another_verifier_does_not_redeem_the_code(provider: FakeProvider, flow: SignInFlow) -> None:
    """A stolen code is worth nothing in another browser."""
    identity_provider = provider.identity_provider()
    code = provider.authorize(identity_provider.redirect_url(flow))
    with pytest.raises(Unauthenticated, match="the code was not accepted"):
        identity_provider.finish(code, new_sign_in_flow())


@pytest.mark.parametrize("code", ["", "another", "x" * 5000])
def test_a_wrong_code_is_refused(provider: FakeProvider, flow: SignInFlow, code: str) -> None:
    identity_provider = provider.identity_provider()
    provider.authorize(identity_provider.redirect_url(flow))
    with pytest.raises(Unauthenticated, match="the code was not accepted"):
        identity_provider.finish(code, flow)


def test_user_info_about_somebody_else_is_refused(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.userinfo["sub"] = "mallory"
    with pytest.raises(Unauthenticated, match="somebody else"):
        sign_in(provider, flow)


@pytest.mark.parametrize(
    "value",
    [None, "", "alice", "a@b@c", "a b@example.com", "a@exam\nple.com", "a\0@example.com", 7, ["alice@example.com"],
     "\N{KELVIN SIGN}im@example.com", "x" * 1100 + "@example.com"],
)  # fmt: skip
def test_a_person_without_a_usable_address_is_rejected(
    provider: FakeProvider, flow: SignInFlow, value: Any
) -> None:
    provider.userinfo["email"] = value
    sentence = "OIDC response error: Login succeeded but user has no email address .no usable claim `email`"
    with pytest.raises(Rejected, match=sentence):
        sign_in(provider, flow)


@pytest.mark.parametrize("value", [False, "false", "", 0, 1, [], {}, "yes", "truest"])
def test_an_unverified_address_is_denied(provider: FakeProvider, flow: SignInFlow, value: Any) -> None:
    provider.userinfo["email_verified"] = value
    with pytest.raises(Denied, match="not verified"):
        sign_in(provider, flow)


def test_an_id_token_that_says_unverified_is_denied_too(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.claims = {"email_verified": False}
    with pytest.raises(Denied, match="not verified"):
        sign_in(provider, flow)


@pytest.mark.parametrize("value", [True, "true", "True", None, ...])
def test_a_provider_that_says_nothing_against_an_address_is_believed(
    provider: FakeProvider, flow: SignInFlow, value: Any
) -> None:
    provider.userinfo["email_verified"] = value
    if value is ...:
        del provider.userinfo["email_verified"]
    assert sign_in(provider, flow) == ALICE


def test_verification_can_be_waived(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.userinfo["email_verified"] = False
    assert sign_in(provider, flow, require_verified_email=False) == ALICE


def test_a_wrong_client_secret_is_not_the_users_fault(provider: FakeProvider, flow: SignInFlow) -> None:
    with pytest.raises(ProviderUnavailable, match="refused the client id or secret"):
        sign_in(provider, flow, client_secret="wrong")


def refusing(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def answering(status: int, text: str = "{}") -> Any:
    return lambda _request: httpx.Response(status, text=text)


@pytest.mark.parametrize(
    "answer",
    [
        refusing,
        answering(500),
        answering(302),
        answering(200, "no json"),
        answering(200, "[]"),
        answering(200, "x" * 1_100_000),
    ],
    ids=["refused", "500", "302", "text", "array", "huge"],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"])
def test_trouble_with_the_provider_is_not_a_refusal(
    provider: FakeProvider, flow: SignInFlow, path: str, answer: Any
) -> None:
    provider.answers[path] = answer
    with pytest.raises(Retryable, match=r"OIDC \w+ error"):
        sign_in(provider, flow)


def test_an_access_token_that_can_not_be_sent_is_the_providers_fault(
    provider: FakeProvider, flow: SignInFlow
) -> None:
    provider.token_answer["access_token"] = "é"
    with pytest.raises(ProviderUnavailable):
        sign_in(provider, flow)


def test_a_failed_discovery_has_the_contracts_sentence(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.answers["/.well-known/openid-configuration"] = refusing
    with pytest.raises(
        Retryable, match="Error getting redirect URL: OIDC discovery error: the identity provider can't"
    ):
        provider.identity_provider().redirect_url(flow)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://evil.example.com"),
        ("issuer", None),
        ("token_endpoint", None),
        ("token_endpoint", "http://id.example.com/token"),
        ("token_endpoint", "/token"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("jwks_uri", "file:///etc/passwd"),
        ("jwks_uri", "https://["),
        ("userinfo_endpoint", ["x"]),
    ],
)
def test_a_discovery_document_that_is_not_right_is_not_used(
    provider: FakeProvider, flow: SignInFlow, name: str, value: Any
) -> None:
    provider.discovery[name] = value
    with pytest.raises(ProviderUnavailable):
        provider.identity_provider().redirect_url(flow)


def test_no_error_tells_the_client_secret(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.answers["/token"] = answering(500, json.dumps({"error": "s3:cret/+"}))
    with pytest.raises(PlatzError) as error:
        sign_in(provider, flow)
    assert "s3:cret" not in error.value.message


def test_a_provider_that_hangs_does_not_take_every_thread(
    provider: FakeProvider, flow: SignInFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a provider that does not answer, when many people begin, then the later ones are told at once."""
    monkeypatch.setattr(oidc, "PLACE_SECONDS", 0.05)
    answered = threading.Event()

    def hanging(_: httpx.Request) -> httpx.Response:
        answered.wait(10)
        return httpx.Response(503)

    provider.answers["/.well-known/openid-configuration"] = hanging
    identity_provider = provider.identity_provider()
    with ThreadPoolExecutor(30) as people:
        begun = [people.submit(identity_provider.redirect_url, flow) for _ in range(30)]
        for _ in range(30 - oidc.PLACES):
            done = next(as_completed(begun))
            assert "too many people" in str(done.exception(5))
            begun.remove(done)
        answered.set()
        assert all("answered 503" in str(each.exception(5)) for each in begun)
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_a_slow_provider_serves_a_team_at_the_same_moment(provider: FakeProvider, flow: SignInFlow) -> None:
    """Given a provider that answers nobody before all have asked, when a team signs in, then everybody gets in."""
    team = threading.Barrier(16)

    def slow(_: httpx.Request) -> httpx.Response:
        team.wait(10)
        return httpx.Response(200, json=provider.userinfo)

    provider.answers["/userinfo"] = slow
    identity_provider = provider.identity_provider()
    code = provider.authorize(identity_provider.redirect_url(flow))
    with ThreadPoolExecutor(team.parties) as people:
        finished = [people.submit(identity_provider.finish, code, flow) for _ in range(team.parties)]
        assert [each.result(15) for each in finished] == [ALICE] * team.parties


def test_after_a_failure_the_provider_is_asked_again(provider: FakeProvider) -> None:
    time = [0.0]
    settings = ProviderSettings(server_url=ISSUER, client_id="platz", client_secret="s")
    directory = ProviderDirectory(lambda: settings, provider.client, clock=lambda: time[0])
    provider.answers["/keys"] = refusing
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            directory.documents()
    assert provider.asked.count("/keys") == 1
    provider.answers.clear()
    time[0] = 1.0
    assert directory.documents().issuer == ISSUER


def signed_userinfo(provider: FakeProvider, **changes: Any) -> None:
    """Let the provider sign its userinfo, with claims changed or (...) left out."""
    key, algorithm, kid = provider.signing
    claims = provider.userinfo | {"iss": ISSUER, "aud": "platz"} | changes
    claims = {name: value for name, value in claims.items() if value is not ...}
    text = jws.sign(claims, key, headers={"kid": kid} if kid else {}, algorithm=algorithm)
    type_and_text = {"headers": {"content-type": "application/jwt; charset=UTF-8"}, "text": text}
    provider.answers["/userinfo"] = lambda _: httpx.Response(200, **type_and_text)


@pytest.mark.parametrize("changes", [{}, {"aud": ["another", "platz"]}, {"iss": ..., "aud": ...}])
def test_user_info_may_be_signed(provider: FakeProvider, flow: SignInFlow, changes: dict[str, Any]) -> None:
    signed_userinfo(provider, **changes)
    assert sign_in(provider, flow) == ALICE


def test_signed_user_info_makes_a_new_key_known(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.keys.append(public_jwk(OTHER_RSA_KEY, "two"))
    first, provider.signing = provider.signing, (OTHER_RSA_KEY, "RS256", "two")
    signed_userinfo(provider)
    provider.signing = first
    assert sign_in(provider, flow) == ALICE


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"iss": "https://evil.example.com"}, "`iss` of the user info"),
        ({"aud": "another"}, "`aud` of the user info"),
        ({"aud": ["another"]}, "`aud` of the user info"),
        ({"sub": "mallory"}, "somebody else"),
        ({"sub": ...}, "somebody else"),
    ],
)
def test_signed_user_info_for_others_is_refused(
    provider: FakeProvider, flow: SignInFlow, changes: dict[str, Any], sentence: str
) -> None:
    signed_userinfo(provider, **changes)
    with pytest.raises(Unauthenticated, match=sentence):
        sign_in(provider, flow)


@pytest.mark.parametrize("signing", [(OTHER_RSA_KEY, "RS256", "one"), ("s3:cret/+", "HS256", None)])
def test_user_info_that_the_provider_did_not_sign_is_refused(
    provider: FakeProvider, flow: SignInFlow, signing: Any
) -> None:
    first, provider.signing = provider.signing, signing
    signed_userinfo(provider)
    provider.signing = first
    with pytest.raises(Unauthenticated):
        sign_in(provider, flow)


def test_encrypted_user_info_is_refused(provider: FakeProvider, flow: SignInFlow) -> None:
    text = jwe.encrypt("{}", b"x" * 32, algorithm="dir", encryption="A256GCM").decode()
    answer = {"headers": {"content-type": "application/jwt"}, "text": text}
    provider.answers["/userinfo"] = lambda _: httpx.Response(200, **answer)
    with pytest.raises(Unauthenticated, match="not a signed compact token"):
        sign_in(provider, flow)


def test_a_provider_without_userinfo_tells_everything_in_the_id_token(
    provider: FakeProvider, flow: SignInFlow
) -> None:
    del provider.discovery["userinfo_endpoint"]
    provider.claims = {"name": "Alice", "email": "alice@example.com"}
    assert sign_in(provider, flow) == ALICE
    assert "/userinfo" not in provider.asked


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"iat": SECONDS + 3600, "exp": SECONDS + 7200}, "`iat` .* server is 60 minutes behind .*16:00 here.*17:00 th"),
        ({"nbf": SECONDS + 3600}, "`nbf` is not right$"),
        ({"iat": SECONDS + 3600, "nbf": SECONDS + 3600}, "60 minutes behind the identity provider's"),
        ({"iat": SECONDS - 4000, "exp": SECONDS - 400}, "`exp` .* server is 67 minutes ahead of the identity provider"),
        ({"iat": SECONDS + 10**6, "exp": SECONDS + 10**7}, "278 hours behind"),
        ({"iat": 10**18}, "`iat` is not right$"),
    ],
)  # fmt: skip
def test_a_clock_that_differs_is_named_with_its_difference(
    provider: FakeProvider, flow: SignInFlow, claims: dict[str, Any], sentence: str
) -> None:
    provider.claims = claims
    with pytest.raises(Unauthenticated, match=sentence):
        sign_in(provider, flow)


def test_clocks_may_differ_a_little(provider: FakeProvider, flow: SignInFlow) -> None:
    provider.claims = {"iat": SECONDS + 290, "nbf": SECONDS + 290, "exp": SECONDS + 600}
    assert sign_in(provider, flow) == ALICE


def test_an_issuer_with_another_name_is_told(provider: FakeProvider, flow: SignInFlow) -> None:
    """Entra ID calls itself by the tenant's id, even when it was asked by the tenant's name."""
    provider.discovery["issuer"] = "https://id.example.com/tenant-id/v2.0"
    with pytest.raises(
        ProviderUnavailable, match=r"calls itself https://id\.example\.com/tenant-id/v2\.0: give that"
    ):
        provider.identity_provider().redirect_url(flow)
