"""The conformance corpus of chart extensions, and corners that it leaves out, case by case.

Each `*_corners.json` has cases of our own in the corpus' form; their results follow from the contract's text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from chart_cases import evaluate

from platz.json import json_equal

HERE = Path(__file__).parent
CORPUS: list[dict[str, Any]] = orjson.loads((HERE / "chart_extensions_cases.json").read_bytes())
CORNERS: list[dict[str, Any]] = [
    case for file in sorted(HERE.glob("*_corners.json")) for case in orjson.loads(file.read_bytes())
]
CASES = [*CORPUS, *CORNERS]

DEVIATIONS: dict[str, dict[str, Any]] = {
    # The corpus records an old quirk here; the contract asks for the answer below.
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
    assert json_equal(answer, _expected(case)), answer


def test_the_corpus_is_whole() -> None:
    assert len(CORPUS) == len({case["name"] for case in CORPUS}) == 289


def test_a_name_tells_one_case() -> None:
    assert len(CASES) == len({case["name"] for case in CASES})


def test_only_quirks_are_deviated_from() -> None:
    quirks = {case["name"] for case in CORPUS if "quirk" in case}
    assert set(DEVIATIONS) <= quirks
