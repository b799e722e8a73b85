"""THIRD_PARTY_NOTICES.md agrees with the locks, and names a licence for everything in them."""

from __future__ import annotations

from email.message import Message

import pytest
from third_party_notices import FILE, licence_of, notices


def test_the_notices_are_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == notices(), "run `make notices`"


def test_every_distribution_states_a_licence() -> None:
    assert [line for line in notices().splitlines() if line.endswith("|  |")] == []


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ({"License-Expression": "MIT", "License": "see LICENSE"}, "MIT"),
        ({"License": "BSD-3-Clause", "Classifier": "License :: OSI Approved :: BSD License"}, "BSD-3-Clause"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT License"),
        ({"Classifier": "License :: OSI Approved"}, ""),
        ({}, ""),
    ],
)
def test_an_expression_counts_more_than_a_word_and_a_word_more_than_classifiers(
    stated: dict[str, str], licence: str
) -> None:
    distribution = Message()
    for name, value in stated.items():
        distribution[name] = value

    assert licence_of(distribution) == licence
