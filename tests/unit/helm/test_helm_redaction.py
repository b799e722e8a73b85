"""No declared secret is left in what comes out of Helm."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from platz.helm.redaction import MASK, Redactor

SECRET = 'pa"ss wörd/+&'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        quote(SECRET, safe=""),
    ],
)
def test_a_secret_is_found_in_the_spellings_of_helm_and_kubernetes(spelling: str) -> None:
    redacted = Redactor([SECRET])(f'failed to parse "{spelling}" here')
    assert spelling.strip('"') not in redacted
    assert MASK in redacted


def test_each_long_line_of_a_secret_is_removed() -> None:
    key = "-----BEGIN KEY-----\nabcdefghijklmnop\nqrstuvwx\n-----END KEY-----"
    redacted = Redactor([key])("line 2: abcdefghijklmnop is wrong")
    assert "abcdefghijklmnop" not in redacted


def test_a_short_secret_is_removed_only_where_it_stands_alone() -> None:
    assert Redactor(["no"])("no: nobody said no") == f"{MASK}: nobody said {MASK}"


def test_a_secret_inside_a_longer_one_leaves_nothing_of_either() -> None:
    redacted = Redactor(["hunter2", "hunter2-and-more"])("hunter2-and-more hunter2")
    assert redacted == f"{MASK} {MASK}"


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZGVudGl0eSI6eyJEZXBsb3ltZW50IjoiMSJ9fQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("user", ["a", "ab", "abc", "robot"])
@pytest.mark.parametrize("secret", ["hunter2-hunter2", TOKEN])
def test_a_secret_is_found_inside_what_was_encoded_together_with_it(user: str, secret: str) -> None:
    auth = encoded(f"{user}:{secret}")
    pull_secret = json.dumps({"auths": {"r.example": {"auth": auth}}})
    redact = Redactor([secret])
    for spelling in (auth, auth.rstrip("="), pull_secret, encoded(pull_secret), f"x/{auth}", f"Basic {auth}"):
        redacted = redact(f"auth: {spelling} end")
        assert MASK in redacted
        assert auth not in redacted
        assert encoded(pull_secret) not in redacted
        assert redacted.startswith("auth: ")
        assert redacted.endswith(" end")


@pytest.mark.parametrize("spelling", [TOKEN, encoded(TOKEN), encoded(f"user:{TOKEN}")])
def test_a_token_is_removed_although_nobody_declared_it(spelling: str) -> None:
    assert Redactor([])(f"map[access_token:{spelling}]") == f"map[access_token:{MASK}]"


def test_what_only_looks_like_base64_stays() -> None:
    text = "Deployment web-7d4b9c6f5, image registry.example/shop/web:1.2.3, id 0b9d6a3e-2f0e-4c55-9d57-0d2f1f8ab001"
    assert Redactor(["hunter2"])(text) == text


def test_without_secrets_text_stays() -> None:
    assert Redactor([""])("all of it") == "all of it"


@given(
    some.lists(some.text(min_size=4, max_size=12), max_size=4), some.text(max_size=20), some.text(max_size=20)
)
def test_no_secret_survives(secrets: list[str], before: str, after: str) -> None:
    redact = Redactor(secrets)
    for secret in secrets:
        assert secret not in redact(before + secret + after).replace(MASK, "\0")
