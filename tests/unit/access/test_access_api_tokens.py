"""API tokens: their form, their hash, and what is refused.

Source: docs/contract/auth.md, "API tokens".
"""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.access.tokens import ApiToken, new_api_token, read_api_token, same_secret
from platz.errors import Unauthenticated

ID = "ABEiM0RVZneImaq7zN3u_w"
SECRET = "A" * 43


def test_the_contracts_vector() -> None:
    token = read_api_token(f"{ID}.{SECRET}")
    assert token.id == UUID("00112233-4455-6677-8899-aabbccddeeff")
    assert same_secret(token, "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo")


def test_a_new_token_reads_back() -> None:
    stored, text = new_api_token()
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", text)
    assert read_api_token(text) == stored


def test_a_token_is_drawn_anew_each_time() -> None:
    drawn = [new_api_token()[1] for _ in range(50)]
    assert (
        len({text.partition(".")[0] for text in drawn})
        == len({text.partition(".")[2] for text in drawn})
        == 50
    )


def test_the_secret_goes_on_after_the_first_dot() -> None:
    assert not same_secret(read_api_token(f"{ID}.{SECRET}.x"), read_api_token(f"{ID}.{SECRET}").secret_hash)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", ID, f"{ID}==.{SECRET}", f".{SECRET}", f"{ID[:-1]}.{SECRET}", f"{ID[:-1]}x.{SECRET}",
        f"{ID[:-1]}!.{SECRET}", f"{ID.replace('_', '/')}.{SECRET}", f"{ID}.{'A' * 600}",
    ],
)  # fmt: skip
def test_what_is_no_token_is_invalid(text: str) -> None:
    with pytest.raises(Unauthenticated, match="API token authentication error: Invalid token"):
        read_api_token(text)


@pytest.mark.parametrize("text", [f"{ID}.{SECRET}é", f"{ID}.{SECRET}\x01", "\t"])
def test_what_is_not_visible_ascii_has_no_value(text: str) -> None:
    with pytest.raises(Unauthenticated, match="API token header has no value"):
        read_api_token(text)


@given(st.text(max_size=100))
def test_no_text_crashes_the_check(text: str) -> None:
    try:
        token = read_api_token(text)
    except Unauthenticated:
        return
    assert isinstance(token, ApiToken)
