"""Quantities: amounts, and the one spelling that is stored. The spellings are those of a real API server."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.objects.quantities import amount, canonical, is_quantity

SUFFIXES = st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "u", "n", "e3", "E2"])
NUMBERS = st.integers(0, 10**6) | st.decimals(0, 10**4, places=3)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        (1, "1"),
        (0.5, "500m"),
        ("0", "0"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("512Ki", "512Ki"),
        ("1000", "1k"),
        ("1000k", "1M"),
        ("1e3", "1e3"),
        ("100n", "100n"),
        ("-1", "-1"),
        ("-1Mi", "-1Mi"),
    ],
)
def test_the_stored_spelling(written: Any, stored: str) -> None:
    assert canonical(written) == stored


@pytest.mark.parametrize("written", ["much", "", "1 Gi", "1GiB", "--1", True, None, [], "1.2.3"])
def test_what_is_no_quantity(written: Any) -> None:
    assert not is_quantity(written)


@pytest.mark.parametrize(
    ("written", "number"), [("1Ki", 1024), ("1k", 1000), ("250m", "0.25"), ("2E", 2 * 10**18), ("3e2", 300)]
)
def test_the_amount(written: str, number: Any) -> None:
    assert amount(written) == Decimal(number)


@given(NUMBERS, SUFFIXES)
def test_the_stored_spelling_has_the_same_amount_and_is_final(number: Any, suffix: str) -> None:
    written = f"{number}{suffix}"

    stored = canonical(written)

    if "n" not in suffix and "u" not in suffix:  # finer than a billionth is rounded up
        assert amount(stored) == amount(written)
    assert canonical(stored) == stored
