"""The conformance corpus of chart extensions, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from chart_cases import evaluate

from platz.charts.json_text import equal_by_content

CASES: list[dict[str, Any]] = orjson.loads(
    Path(__file__).with_name("chart_extensions_cases.json").read_bytes()
)

DEVIATIONS: dict[str, dict[str, Any]] = {
    # The corpus records an old quirk here; the specification's [Do] asks for the answer below.
    "collection-id-null": {"values": {}, "secrets": {}, "error": None},  # 3.4: null counts as absent
    "uses-array": {"values": {"uses": True}, "secrets": None, "error": None},  # 6.1: arrays count
    "uses-id-notation": {
        "values": {"uses": True},
        "secrets": None,
        "error": None,
    },  # 6.1: any notation counts
    "uses-resource-object-extra-key": {"values": {"uses": True}, "secrets": None, "error": None},  # 6.1
}


def _expected(case: dict[str, Any]) -> dict[str, Any]:
    written = {key: case[f"expected_{key}"] for key in ("values", "secrets", "error")}
    return DEVIATIONS.get(case["name"], written)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case_gives_the_expected_answer(case: dict[str, Any]) -> None:
    answer = evaluate(case)
    assert equal_by_content(answer, _expected(case)), answer


def test_the_corpus_is_whole() -> None:
    assert len(CASES) == len({case["name"] for case in CASES}) == 289


def test_only_quirks_are_deviated_from() -> None:
    quirks = {case["name"] for case in CASES if "quirk" in case}
    assert set(DEVIATIONS) <= quirks
