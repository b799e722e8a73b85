"""What the provider refuses, over HTTP and with the errors of RFC 6749."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from platz.errors import Rejected
from platz_sandbox.identity.sign_in import sign_in

REDIRECT = "http://127.0.0.1:3000/auth/google/callback"
CLIENT_ID, CLIENT_SECRET = "platz", "a secret: with / odd + characters"
ADMIN = "admin@platz.localhost"


class Browser:
    """A browser that has the sign-in page open."""

    def __init__(self, issuer: str, url: str) -> None:
        self.http = httpx.Client(base_url=issuer)
        self.page = self.http.get(url)
        self.action = unescape(re.search(r'action="([^"]+)"', self.page.text)[1])
        self.token = re.search(r'name="csrf_token" value="([^"]+)"', self.page.text)[1]

    def post(self, fields: dict[str, str], **options) -> httpx.Response:
        return self.http.post(self.action, data={"csrf_token": self.token} | fields, **options)


@pytest.fixture
def browser(issuer, application):
    browser = Browser(issuer, application.url())
    yield browser
    browser.http.close()


def test_an_untrusted_redirect_uri_gets_a_page_and_no_redirect(application):
    answer = httpx.get(application.url(redirect_uri="https://evil.example/"))

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "evil.example" not in answer.headers["Content-Security-Policy"]


def test_a_repeated_parameter_gets_a_page(application):
    assert httpx.get(application.url() + "&scope=openid").status_code == 400


def test_markup_in_parameters_is_escaped(application):
    answer = httpx.get(application.url(login_hint='"><script>alert(1)</script>', state='"><b>'))

    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_prompt_none_comes_back_as_login_required(application):
    answer = httpx.get(application.url(prompt="none"))

    (error,) = parse_qs(urlsplit(answer.headers["Location"]).query)["error"]
    assert (answer.status_code, error) == (303, "login_required")


def test_plain_pkce_comes_back_as_invalid_request_with_the_state(application, issuer):
    answer = httpx.get(application.url(code_challenge_method="plain"))

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["error"] == ["invalid_request"]
    assert query["state"] == [application.state]
    assert query["iss"] == [issuer]
    assert "code" not in query


def test_a_cancelled_sign_in_comes_back_as_access_denied(browser, application):
    answer = browser.post({"cancel": "yes"})

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["error"], query["state"]) == (["access_denied"], [application.state])


def test_an_authorization_request_may_be_posted(application, issuer):
    query = dict(pair.split("=", 1) for pair in urlsplit(application.url(state="s")).query.split("&"))
    body = "&".join(f"{name}={value}" for name, value in query.items())

    answer = httpx.post(
        f"{issuer}/authorize",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 200
    assert "csrf_token" in answer.text


# the form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"account": "nobody@platz.localhost"},
        {"email": ADMIN, "password": "wrong"},
        {"email": "nobody@platz.localhost", "password": ""},
        {},
    ],
)
def test_a_wrong_user_or_password_shows_the_page_again(browser, fields):
    answer = browser.post(fields)

    assert answer.status_code == 403
    assert "do not belong together" in answer.text


def test_a_form_without_the_cookie_of_its_browser_is_not_taken(browser, issuer):
    with httpx.Client(base_url=issuer) as other:
        answer = other.post(browser.action, data={"csrf_token": browser.token, "account": ADMIN})

    assert (answer.status_code, "Location" in answer.headers) == (403, False)


def test_a_form_without_token_is_not_taken(browser):
    assert browser.post({"csrf_token": "", "account": ADMIN}).status_code == 403


def test_a_token_is_good_for_its_own_request_only(browser, application):
    other = browser.http.get(application.url(state="another"))
    action = unescape(re.search(r'action="([^"]+)"', other.text)[1])

    answer = browser.http.post(action, data={"csrf_token": browser.token, "account": ADMIN})

    assert answer.status_code == 403


def test_a_form_from_another_site_is_not_taken(browser):
    answer = browser.post({"account": ADMIN}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_a_form_from_the_providers_own_page_is_taken(browser, issuer):
    assert browser.post({"account": ADMIN}, headers={"Origin": issuer}).status_code == 303


def test_two_tabs_of_one_browser_both_work(browser, application):
    second = browser.http.get(application.url(state="second"))
    action = unescape(re.search(r'action="([^"]+)"', second.text)[1])
    token = re.search(r'name="csrf_token" value="([^"]+)"', second.text)[1]

    assert browser.http.post(action, data={"csrf_token": token, "account": ADMIN}).status_code == 303
    assert browser.post({"account": ADMIN}).status_code == 303


def test_a_huge_form_is_refused(browser):
    assert browser.post({"account": "x" * 20_000}).status_code == 400


def test_a_form_of_another_type_is_refused(browser):
    assert browser.http.post(browser.action, json={"account": ADMIN}).status_code == 400


def test_the_page_allows_nothing_but_itself_and_the_clients_redirect(browser):
    policy = browser.page.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:3000;" in policy
    assert "frame-ancestors 'none'" in policy
    assert browser.page.headers["X-Frame-Options"] == "DENY"
    assert browser.page.headers["X-Content-Type-Options"] == "nosniff"
    assert "http" not in re.sub(r'action="[^"]*"', "", browser.page.text)  # no external assets


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser):
    cookie = browser.page.headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_the_programmatic_sign_in_says_when_a_user_is_not_known(application):
    with pytest.raises(Rejected, match=r"nobody@platz\.localhost"):
        sign_in(application.url(), "nobody@platz.localhost")


# the token endpoint ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
    ],
)
def test_a_bad_exchange_gets_the_error_that_the_rfc_names(application, changes, error):
    code = application.sign_in()["code"]

    answer = application.redeem(**({"code": code} | changes))

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_code_used_twice_is_refused_and_its_access_token_revoked(application, issuer):
    code = application.sign_in()["code"]
    token = application.redeem(code).json()["access_token"]

    again = application.redeem(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    userinfo = httpx.get(f"{issuer}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert userinfo.status_code == 401


def test_the_wrong_secret_is_told_with_a_challenge(issuer):
    answer = httpx.post(f"{issuer}/token", data={"grant_type": "x"}, auth=(CLIENT_ID, "wrong"))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_body_that_is_no_form_is_an_invalid_request(issuer):
    answer = httpx.post(f"{issuer}/token", json={}, auth=(CLIENT_ID, CLIENT_SECRET))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# userinfo, hosts, rotation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, 'Bearer realm="platz-sandbox"'),
        ({"Authorization": "Bearer nonsense"}, 'Bearer realm="platz-sandbox", error="invalid_token"'),
        ({"Authorization": "Basic eDp5"}, 'Bearer realm="platz-sandbox", error="invalid_token"'),
    ],
)
def test_userinfo_needs_a_good_bearer_token(issuer, headers, challenge):
    answer = httpx.get(f"{issuer}/userinfo", headers=headers)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, challenge)


def test_a_host_name_that_is_not_the_providers_is_refused(issuer):
    answer = httpx.get(f"{issuer}/jwks", headers={"Host": "rebound.example"})

    assert answer.status_code == 400


def test_keys_are_rotated_for_the_client_only(issuer):
    answer = httpx.post(f"{issuer}/keys/rotate")

    assert answer.status_code == 401
