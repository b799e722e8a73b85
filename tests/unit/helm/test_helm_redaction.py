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


def test_without_secrets_text_stays() -> None:
    assert Redactor([""])("all of it") == "all of it"


@given(
    some.lists(some.text(min_size=4, max_size=12), max_size=4), some.text(max_size=20), some.text(max_size=20)
)
def test_no_secret_survives(secrets: list[str], before: str, after: str) -> None:
    redact = Redactor(secrets)
    for secret in secrets:
        assert secret not in redact(before + secret + after).replace(MASK, "\0")
