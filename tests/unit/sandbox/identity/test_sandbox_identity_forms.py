"""Parameters: urlencoded, bounded, each once."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.errors import Rejected
from platz_sandbox.identity.forms import parameters


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), max_size=10))
def test_what_is_encoded_comes_back(fields):
    assert parameters(urlencode(fields)) == fields


def test_an_empty_value_counts_as_absent():
    assert parameters("state=&nonce=n") == {"nonce": "n"}


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a=2",
        "a=%ff",
        "a=" + "x" * 20_000,
        "&".join(f"f{number}=1" for number in range(51)),
    ],
)
def test_what_is_repeated_long_or_not_text_is_refused(text):
    with pytest.raises(Rejected):
        parameters(text)
