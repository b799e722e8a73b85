"""What holds for every request: an answer that the specifications know, and a code only after a sign-in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REDIRECT = "http://127.0.0.1:3000/auth/google/callback"
TEXT = st.text(max_size=30)
QUERY = st.fixed_dictionaries(
    {},
    optional={
        "response_type": st.just("code") | TEXT,
        "client_id": st.just("platz") | TEXT,
        "redirect_uri": st.just(REDIRECT) | TEXT,
        "scope": st.just("openid email") | TEXT,
        "state": TEXT,
        "nonce": TEXT,
        "code_challenge": st.just("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") | TEXT,
        "code_challenge_method": st.sampled_from(["S256", "plain"]) | TEXT,
        "prompt": st.sampled_from(["none", "login"]) | TEXT,
        "login_hint": TEXT,
    },
)
FIXTURE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(query=QUERY)
@FIXTURE
def test_no_authorization_request_breaks_the_provider_or_gives_a_code_by_itself(issuer, web, query):
    answer = web.get(f"{issuer}/authorize", params=query)

    assert answer.status_code in (200, 303, 400)
    assert answer.headers["X-Frame-Options"] == "DENY"
    if answer.status_code == 303:
        location = answer.headers["Location"]
        assert location.startswith(REDIRECT + "?")
        back = parse_qs(urlsplit(location).query)
        assert "error" in back
        assert "code" not in back


@given(
    fields=st.dictionaries(
        st.sampled_from(["grant_type", "code", "redirect_uri", "code_verifier", "client_id"]),
        st.sampled_from(["authorization_code", REDIRECT, "platz"]) | TEXT,
    )
)
@FIXTURE
def test_no_token_request_breaks_the_provider(issuer, web, fields):
    answer = web.post(f"{issuer}/token", data=fields, auth=("platz", "wrong"))

    assert answer.status_code in (400, 401)
    assert set(answer.json()) == {"error", "error_description"}
